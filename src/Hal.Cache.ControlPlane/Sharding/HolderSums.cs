namespace Hal.Cache.ControlPlane.Sharding;

/// <summary>Sums over keys, one for each set of holders.</summary>
public sealed record HolderSums(IReadOnlyList<HolderSum> Sets);
