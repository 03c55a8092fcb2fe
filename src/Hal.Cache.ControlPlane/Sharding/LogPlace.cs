namespace Hal.Cache.ControlPlane.Sharding;

/// <summary>The newest event of a tree's log; position 0 before the first.</summary>
public sealed record LogPlace(string LogId, long Position);
