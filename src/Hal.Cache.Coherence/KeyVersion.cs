namespace Hal.Cache.Coherence;

/// <summary>A key and one of its versions; <see cref="long.MaxValue"/> stands above all versions.</summary>
public readonly record struct KeyVersion(KeyId Key, long Version);
