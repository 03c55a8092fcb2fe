namespace Hal.Cache.Coherence.Messages;

/// <summary>
/// Copies of the keys below the versions named are no longer valid; all copies of the session where <paramref name="All"/> is set. The
/// number is that of the session's invalidations, from 1.
/// </summary>
public sealed record Invalidate(ulong Instance, uint Session, uint Epoch, uint Number, IReadOnlyList<KeyVersion> Items, bool All)
    : CoherenceMessage(Instance, Session, Epoch);
