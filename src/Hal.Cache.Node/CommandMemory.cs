using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Node;

/// <summary>
/// What the waits of one command have learned, which stays true to its end however short the period of freshness is. One per connection,
/// reused; a command with many keys asks about each once.
/// </summary>
public sealed class CommandMemory
{
    private const long AbsentVersion = -1;

    private readonly Dictionary<(int Database, ulong Hash), long> known = [];

    /// <summary>
    /// Whether a wait for another instance may end on the thread that reads from it: what follows is short, and does not block.
    /// </summary>
    public bool GoesOnAtOnce { get; set; }

    /// <summary>Forgets the last command.</summary>
    public void Begin()
    {
        GoesOnAtOnce = false;
        if (known.Count > 0)
            known.Clear();
    }

    /// <summary>Several waits of one command may end at once; look-ups come only after all of them.</summary>
    internal void Learn(int database, ulong hash, long version)
    {
        lock (known)
            known[(database, hash)] = version;
    }

    internal void LearnAbsent(int database, ulong hash) => Learn(database, hash, AbsentVersion);

    internal bool KnowsFresh(in BlobKey key, long version) =>
        known.Count > 0 && known.TryGetValue((key.Database, key.Hash), out long fresh) && fresh == version;

    internal bool KnowsAbsent(in BlobKey key) => KnowsFresh(key, AbsentVersion);
}
