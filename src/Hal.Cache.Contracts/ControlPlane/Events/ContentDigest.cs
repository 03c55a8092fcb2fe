namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>Digest of a record's or slot's content at one instance; null where the instance does not know it, which counts as differing.</summary>
public sealed record ContentDigest(int Index, ulong? Digest = null);
