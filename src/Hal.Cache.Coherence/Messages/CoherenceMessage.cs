namespace Hal.Cache.Coherence.Messages;

/// <summary>What all messages carry: the holder's instance and session, and the authority's epoch; one that differs makes the receiver ignore it.</summary>
public abstract record CoherenceMessage(ulong Instance, uint Session, uint Epoch);
