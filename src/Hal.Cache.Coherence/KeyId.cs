namespace Hal.Cache.Coherence;

/// <summary>
/// What a directory knows a key by: its database and its 64-bit hash under the seed that all instances of a tree share. Two keys of equal
/// hash share one: what is done to either is done to both, which costs a fetch and never a stale read.
/// </summary>
public readonly record struct KeyId(ulong Hash, ushort Database);
