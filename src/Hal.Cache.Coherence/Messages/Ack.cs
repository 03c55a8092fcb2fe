namespace Hal.Cache.Coherence.Messages;

/// <summary>The holder has handled the <see cref="Invalidate"/>s of these numbers.</summary>
public sealed record Ack(ulong Instance, uint Session, uint Epoch, IReadOnlyList<uint> Numbers) : CoherenceMessage(Instance, Session, Epoch);
