namespace Hal.Cache.Coherence.Messages;

/// <summary>The session has begun, and its first lease with it, counted by the holder from the sending of its <see cref="Hello"/>.</summary>
public sealed record HelloOk(ulong Instance, uint Session, uint Epoch) : CoherenceMessage(Instance, Session, Epoch);
