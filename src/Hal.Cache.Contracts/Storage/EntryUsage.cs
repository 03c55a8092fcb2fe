namespace Hal.Cache.Contracts.Storage;

/// <summary>What an eviction policy knows of an entry's use: seconds since the last one, or how often (0 to 255); null where it doesn't know.</summary>
public readonly record struct EntryUsage(uint? IdleSeconds, int? Frequency);
