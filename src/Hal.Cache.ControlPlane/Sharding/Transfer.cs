namespace Hal.Cache.ControlPlane.Sharding;

/// <summary>Keys that an instance fetched from another.</summary>
public sealed record Transfer(string Source, long Bytes, int Keys);
