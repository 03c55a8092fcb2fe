namespace Hal.Cache.Coherence.Messages;

/// <summary>The versions to read; the items may come in other batches and another order than they were asked for.</summary>
public sealed record AcquireOk(ulong Instance, uint Session, uint Epoch, IReadOnlyList<AcquireAnswer> Items) : CoherenceMessage(Instance, Session, Epoch);
