namespace Hal.Cache.Coherence.Messages;

/// <summary>
/// The write of a request is published as a version; where <paramref name="Registered"/> is set, the writer is a holder of it under the
/// flight's stamp. The reply to the client travels beside it.
/// </summary>
public sealed record WriteOk(ulong Instance, uint Session, uint Epoch, ulong Request, uint Flight, long Version, bool Registered)
    : CoherenceMessage(Instance, Session, Epoch);
