namespace Hal.Cache.Coherence;

/// <summary>The copy that an instance has of a key: its version, the registration that it was stored with, and whether it says that the key does not exist.</summary>
public readonly record struct CopyState(long Version, long Registration, bool Absent);
