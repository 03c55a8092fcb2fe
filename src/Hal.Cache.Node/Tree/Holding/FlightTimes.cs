using Hal.Cache.Coherence;
using Hal.Cache.Node.Fetch;

namespace Hal.Cache.Node.Tree.Holding;

/// <summary>When reads were begun whose flights are open, so that a copy that comes says how long it took. Used under the lock of the copies' host.</summary>
internal sealed class FlightTimes(Retrievals retrievals, string authority)
{
    /// <summary>Reads whose time is taken; beyond that all are forgotten.</summary>
    private const int KeysMax = 1 << 16;

    private readonly Dictionary<KeyId, long> openedAt = [];

    public void Opened(KeyId key, long now)
    {
        if (openedAt.Count >= KeysMax)
            openedAt.Clear();
        openedAt[key] = now;
    }

    public void Ended(KeyId key) => openedAt.Remove(key);

    /// <summary>Until the end of the scope, what this thread puts is the copy that the key's flight has brought.</summary>
    public Retrievals.Scope Putting(KeyId key) =>
        retrievals.Putting(openedAt.TryGetValue(key, out long began) ? retrievals.Since(began, authority) : null);
}
