using Hal.Cache.Contracts.Storage;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Cluster;

/// <summary>Collects the keys of a slot, at most <paramref name="max"/>. A key that a growing table shows twice is told once.</summary>
internal sealed class SlotVisitor(int slot, long max) : IEntryVisitor
{
    private readonly HashSet<byte[]> found = new(Clients.ByteKeys.Comparer);

    public IReadOnlyCollection<byte[]> Keys => found;

    public bool IsFull => found.Count >= max;

    public void Visit(int database, in EntryRef entry)
    {
        if (!IsFull && Crc16.HashSlot(entry.Key) == slot) found.Add(entry.Key.ToArray());
    }
}
