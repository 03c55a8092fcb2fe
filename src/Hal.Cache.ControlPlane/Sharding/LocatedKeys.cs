namespace Hal.Cache.ControlPlane.Sharding;

/// <summary>Keys in the order that they were asked for.</summary>
public sealed record LocatedKeys(IReadOnlyList<LocatedKey> Items);
