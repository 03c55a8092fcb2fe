namespace Hal.Cache.Node.Values;

/// <summary>
/// The items of a <see cref="ByteTable"/> whose hashes begin with the same bits: open addressing with linear probing, at most three
/// quarters full; a removal moves the items behind it up, so that there are no marks to skip.
/// </summary>
internal sealed class TableSegment(int depth, int slots)
{
    /// <summary>Items beyond which a segment is split.</summary>
    public const int ItemsMax = 384;

    public const int SlotsMin = 8;
    private const int SlotBytes = 16;
    private const int Overhead = 24 + 32;

    [ThreadStatic]
    private static TableSlot[]? scratch;

    public TableSlot[] Slots { get; private set; } = new TableSlot[slots];

    public int Count { get; private set; }

    /// <summary>Number of leading bits that the hashes share.</summary>
    public int Depth { get; set; } = depth;

    public long MemoryBytes => Overhead + ((long)Slots.Length * SlotBytes);

    /// <summary>Place of a key, or -1.</summary>
    public int Find(uint hash, ReadOnlySpan<byte> key, int keyStart)
    {
        TableSlot[] slots = Slots;
        for (int at = (int)hash & (slots.Length - 1); ; at = (at + 1) & (slots.Length - 1))
        {
            ref TableSlot slot = ref slots[at];
            if (slot.Item is null) return -1;
            if (slot.Hash == hash && slot.KeyBytes == key.Length && slot.Item.AsSpan(keyStart, key.Length).SequenceEqual(key)) return at;
        }
    }

    /// <summary>Adds an item that is not there.</summary>
    public void Add(in TableSlot item)
    {
        if ((Count + 1) * 4 > Slots.Length * 3) Resize(Slots.Length * 2);
        Place(item);
        Count++;
    }

    /// <summary>
    /// Gives the items whose next leading bit is set to a segment of their own. Both have as many slots as this one had, which what comes next would
    /// make them have anyway, so that a table that grows leaves no arrays behind for the collector.
    /// </summary>
    public TableSegment Split()
    {
        TableSlot[] all = scratch is { } kept && kept.Length >= Slots.Length ? kept : scratch = new TableSlot[Slots.Length];
        Span<TableSlot> items = all.AsSpan(0, Slots.Length);
        Slots.CopyTo(items);
        Array.Clear(Slots);
        Depth++;
        var high = new TableSegment(Depth, Slots.Length);
        Count = 0;
        foreach (ref readonly TableSlot item in items)
        {
            if (item.Item is null) continue;
            TableSegment segment = (item.Hash >> (32 - Depth) & 1) == 0 ? this : high;
            segment.Place(item);
            segment.Count++;
        }

        items.Clear();
        return high;
    }

    public void RemoveAt(int at)
    {
        TableSlot[] slots = Slots;
        int mask = slots.Length - 1;
        for (int next = (at + 1) & mask; slots[next].Item is not null; next = (next + 1) & mask)
        {
            // An item may move up unless its own place lies between the hole and it.
            int home = (int)slots[next].Hash & mask;
            if (((next - home) & mask) < ((next - at) & mask)) continue;
            slots[at] = slots[next];
            at = next;
        }

        slots[at] = default;
        Count--;
        if (slots.Length > SlotsMin && Count * 8 < slots.Length) Resize(slots.Length / 2);
    }

    private void Resize(int size)
    {
        TableSlot[] old = Slots;
        Slots = new TableSlot[size];
        foreach (ref readonly TableSlot slot in old.AsSpan())
        {
            if (slot.Item is not null) Place(slot);
        }
    }

    private void Place(in TableSlot item)
    {
        TableSlot[] slots = Slots;
        int at = (int)item.Hash & (slots.Length - 1);
        while (slots[at].Item is not null) at = (at + 1) & (slots.Length - 1);
        slots[at] = item;
    }
}
