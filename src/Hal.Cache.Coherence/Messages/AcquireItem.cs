namespace Hal.Cache.Coherence.Messages;

/// <summary>One key of an <see cref="Acquire"/>: the flight that asks, and the version whose bytes the holder has, 0 for none.</summary>
public readonly record struct AcquireItem(ObjectKey Key, uint Flight, long VersionHad);
