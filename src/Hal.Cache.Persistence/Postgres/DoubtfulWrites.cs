using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.Persistence.Postgres;

/// <summary>
/// Writes that failed and may have been done all the same, as where the answer was lost or the server hung: whoever made one still has the version before
/// it, and would be refused for ever. Bounded, the oldest is forgotten first. Thread-safe.
/// </summary>
internal sealed class DoubtfulWrites(int writesMax = DoubtfulWrites.WritesMax)
{
    /// <summary>Keys that are remembered.</summary>
    public const int WritesMax = 8192;

    private readonly Lock gate = new();
    private readonly Dictionary<(StoredKind Kind, string Key), LinkedListNode<Write>> writes = [];
    private readonly LinkedList<Write> order = new();

    /// <summary>Takes out what writes over this version were made with, and whether one of them was a removal; null where none is in doubt.</summary>
    public (Guid Call, bool MayBeGone)? Take(StoredKind kind, string key, long replaces)
    {
        lock (gate)
        {
            if (!writes.TryGetValue((kind, key), out var found) || found.Value.Replaces != replaces) return null;
            RemoveNow((kind, key));
            return (found.Value.Call, found.Value.MayBeGone);
        }
    }

    public void Add(StoredKind kind, string key, long replaces, Guid call, bool mayBeGone)
    {
        lock (gate)
        {
            RemoveNow((kind, key));
            writes.Add((kind, key), order.AddLast(new Write((kind, key), replaces, call, mayBeGone)));
            if (writes.Count > writesMax) RemoveNow(order.First!.Value.Of);
        }
    }

    private void RemoveNow((StoredKind Kind, string Key) of)
    {
        if (writes.Remove(of, out var node)) order.Remove(node);
    }

    private sealed record Write((StoredKind Kind, string Key) Of, long Replaces, Guid Call, bool MayBeGone);
}
