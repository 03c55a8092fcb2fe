namespace Hal.Cache.Coherence.Messages;

/// <summary>Asks for the next lease; says as well that all invalidations up to a number are handled.</summary>
public sealed record Renew(ulong Instance, uint Session, uint Epoch, uint Number, uint HandledThrough) : CoherenceMessage(Instance, Session, Epoch);
