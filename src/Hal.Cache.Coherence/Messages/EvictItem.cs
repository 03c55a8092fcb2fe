namespace Hal.Cache.Coherence.Messages;

/// <summary>One copy given up, with the stamp that it was registered under.</summary>
public readonly record struct EvictItem(KeyId Key, uint Stamp);
