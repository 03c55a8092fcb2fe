using Hal.Cache.Coherence;

namespace Hal.Cache.Node.Tree.Collections;

/// <summary>Where reads of keys that have no copy here run: here, with a copy that is brought, or at the authority. Used under the lock of the copies' host.</summary>
internal sealed class ReadPlaces(PullLedger ledger, TimeProvider time)
{
    /// <summary>Keys that are remembered; beyond that all are forgotten.</summary>
    private const int KeysMax = 1 << 16;

    /// <summary>For so long the authority is not asked again about a key that is read there.</summary>
    private static readonly TimeSpan NotedPeriod = TimeSpan.FromSeconds(1);

    private readonly Dictionary<KeyId, (long At, bool IsMeta)> elsewhere = [];
    private readonly HashSet<KeyId> valuesWanted = [];

    /// <summary>Whether a read runs at the authority without another question; one that asks only about the key is <paramref name="isMeta"/>.</summary>
    public bool RunsElsewhere(KeyId key, bool isMeta, long now)
    {
        if (elsewhere.TryGetValue(key, out (long At, bool IsMeta) noted) && (isMeta || !noted.IsMeta) && time.GetElapsedTime(noted.At, now) < NotedPeriod)
            return true;
        return isMeta ? ledger.IsWaiting(key) : ledger.Waits(key);
    }

    /// <summary>Reads of the key run at the authority for a while, or those that only ask about it; the key may have another kind of value by then.</summary>
    public void Note(KeyId key, bool isMeta)
    {
        if (elsewhere.Count >= KeysMax)
            elsewhere.Clear();
        elsewhere[key] = (time.GetTimestamp(), isMeta);
    }

    /// <summary>Somebody waits for the key's value, and not only for what is known of it.</summary>
    public void WantValue(KeyId key)
    {
        if (valuesWanted.Count >= KeysMax)
            valuesWanted.Clear();
        valuesWanted.Add(key);
    }

    /// <summary>Whether somebody waited for the key's value, whose flight ends with this.</summary>
    public bool TakeWanted(KeyId key) => valuesWanted.Remove(key);
}
