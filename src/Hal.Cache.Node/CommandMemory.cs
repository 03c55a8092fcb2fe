using Hal.Cache.Contracts.Connections;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Node;

/// <summary>
/// What the waits of one command have learned, which stays true to its end however short the period of freshness is. One per connection,
/// reused; a command with many keys asks about each once.
/// </summary>
public sealed class CommandMemory
{
    private const long AbsentVersion = -1;
    private const int MissedAheadMax = 1024;

    private readonly Dictionary<(int Database, ulong Hash), long> known = [];
    private readonly HashSet<(int Database, ulong Hash)> missedAhead = [];

    /// <summary>
    /// Whether a wait for another instance may end on the thread that reads from it: what follows is short, and does not block.
    /// </summary>
    public bool GoesOnAtOnce { get; set; }

    /// <summary>The event loop that runs the connection; what it and its other connections miss in one turn is asked for together. Null for none.</summary>
    public IConnectionLoop? Loop { get; set; }

    /// <summary>Forgets the last command.</summary>
    public void Begin()
    {
        GoesOnAtOnce = false;
        if (known.Count > 0)
            known.Clear();
    }

    /// <summary>Forgets what was missed for commands that have not come, where that is much.</summary>
    internal void BeginAhead()
    {
        if (missedAhead.Count > MissedAheadMax)
            missedAhead.Clear();
    }

    /// <summary>A key was found missing, and counted so, for a command that is still to come.</summary>
    internal void MissedAhead(in BlobKey key) => missedAhead.Add((key.Database, key.Hash));

    /// <summary>Whether the key's look-up was counted ahead of its command, which has come with this.</summary>
    internal bool TakeMissed(in BlobKey key) => missedAhead.Count > 0 && missedAhead.Remove((key.Database, key.Hash));

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
