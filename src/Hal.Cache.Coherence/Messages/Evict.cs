namespace Hal.Cache.Coherence.Messages;

/// <summary>The holder gave up copies; at most <see cref="CoherenceOptions.BatchMax"/> items.</summary>
public sealed record Evict(ulong Instance, uint Session, uint Epoch, IReadOnlyList<EvictItem> Items) : CoherenceMessage(Instance, Session, Epoch);
