namespace Hal.Cache.Coherence.Messages;

/// <summary>A lease, counted by the holder from the sending of the <see cref="Renew"/> of that number.</summary>
public sealed record Grant(ulong Instance, uint Session, uint Epoch, uint Number) : CoherenceMessage(Instance, Session, Epoch);
