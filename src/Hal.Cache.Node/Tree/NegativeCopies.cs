using Hal.Cache.Coherence;
using Hal.Cache.Node.Tree.Tracking;

namespace Hal.Cache.Node.Tree;

/// <summary>Copies that say that a key does not exist; their number is bounded by the holder, which drops the oldest. Thread-safe.</summary>
internal sealed class NegativeCopies
{
    private readonly Lock gate = new();
    private readonly Dictionary<KeyId, List<Entry>> byId = [];
    private volatile int count;

    public CopyState? TryGet(in ObjectKey key) => TryFind(key.Id, key.Bytes.Span, out Entry entry) ? entry.State : null;

    /// <summary>Registration of the copy that says that the key does not exist; false where there is none, or its time is over.</summary>
    public bool TryGet(KeyId id, ReadOnlySpan<byte> key, long now, out long registration)
    {
        registration = 0;
        if (count == 0 || !TryFind(id, key, out Entry entry) || now >= entry.ExpiresAt)
            return false;
        registration = entry.State.Registration;
        return true;
    }

    public bool HasAny(KeyId id, long above)
    {
        lock (gate)
            return byId.TryGetValue(id, out List<Entry>? entries) && entries.Exists(entry => entry.State.Registration > above);
    }

    public void Put(in ObjectKey key, in CopyUpdate copy)
    {
        byte[] bytes = key.Bytes.ToArray();
        lock (gate)
        {
            if (!byId.TryGetValue(key.Id, out List<Entry>? entries))
                byId.Add(key.Id, entries = new(1));
            count += 1 - entries.RemoveAll(entry => entry.Key.AsSpan().SequenceEqual(bytes));
            entries.Add(new(bytes, new(copy.Version, copy.Registration, Absent: true), copy.ExpiresAt));
        }
    }

    public void Remove(in ObjectKey key)
    {
        byte[] bytes = key.Bytes.ToArray();
        RemoveWhere(key.Id, entry => entry.Key.AsSpan().SequenceEqual(bytes));
    }

    /// <summary>Drops those of the id below a version, and tells the tracker of each.</summary>
    public void Invalidate(KeyId id, long below, IKeyTracker? tracker = null) => RemoveWhere(id, entry =>
    {
        if (entry.State.Version >= below)
            return false;
        tracker?.Invalidated(entry.Key);
        return true;
    });

    private void RemoveWhere(KeyId id, Predicate<Entry> isMeant)
    {
        if (count == 0)
            return;
        lock (gate)
        {
            if (!byId.TryGetValue(id, out List<Entry>? entries))
                return;
            count -= entries.RemoveAll(isMeant);
            if (entries.Count == 0)
                byId.Remove(id);
        }
    }

    private bool TryFind(KeyId id, ReadOnlySpan<byte> key, out Entry found)
    {
        lock (gate)
        {
            if (byId.TryGetValue(id, out List<Entry>? entries))
            {
                foreach (Entry entry in entries)
                {
                    if (!key.SequenceEqual(entry.Key))
                        continue;
                    found = entry;
                    return true;
                }
            }
        }

        found = default;
        return false;
    }

    private readonly record struct Entry(byte[] Key, CopyState State, long ExpiresAt);
}
