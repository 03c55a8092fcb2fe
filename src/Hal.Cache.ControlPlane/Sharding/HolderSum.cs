namespace Hal.Cache.ControlPlane.Sharding;

/// <summary>Keys, and the bytes of their newest versions, that one set of instances holds; an empty set is of keys that nobody holds.</summary>
public sealed record HolderSum(IReadOnlyList<string> Instances, long Keys, long Bytes);
