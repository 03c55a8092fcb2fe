namespace Hal.Cache.Coherence.Messages;

/// <summary>A holder begins a session in an epoch that it knows of; 0 where it knows of none.</summary>
public sealed record Hello(ulong Instance, uint Session, uint Epoch) : CoherenceMessage(Instance, Session, Epoch);
