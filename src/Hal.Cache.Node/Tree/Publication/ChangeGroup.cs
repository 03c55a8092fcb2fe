using System.Runtime.InteropServices;
using Hal.Cache.Coherence;
using Hal.Cache.Node.Tree.Tracking;

namespace Hal.Cache.Node.Tree.Publication;

/// <summary>The keys that one command has changed so far, which are published as one step.</summary>
internal sealed class ChangeGroup
{
    private readonly List<KeyVersion> changes = [];

    public bool IsAll { get; private set; }

    public bool IsEmpty => !IsAll && changes.Count == 0;

    public ReadOnlySpan<KeyVersion> Changes => CollectionsMarshal.AsSpan(changes);

    /// <summary>Instances that are to hear of keys though they hold no copies.</summary>
    public List<KeyNotice> Notices { get; } = [];

    /// <summary>Ids of the keys of the notices, one for each.</summary>
    public List<KeyId> NoticeIds { get; } = [];

    public void AddAll() => IsAll = true;

    public void Add(KeyVersion change)
    {
        // A command changes one key over and over: the last version stands for all.
        if (changes.Count > 0 && changes[^1].Key == change.Key)
            changes[^1] = change;
        else
            changes.Add(change);
    }

    public void Clear()
    {
        IsAll = false;
        changes.Clear();
        Notices.Clear();
        NoticeIds.Clear();
    }
}
