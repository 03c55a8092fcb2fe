namespace Hal.Cache.Coherence.Messages;

/// <summary>The session is not, or no longer, known to the authority, whose epoch is the one named: begin the next session in that epoch.</summary>
public sealed record SessionRefused(ulong Instance, uint Session, uint Epoch, RefusalReason Reason) : CoherenceMessage(Instance, Session, Epoch);
