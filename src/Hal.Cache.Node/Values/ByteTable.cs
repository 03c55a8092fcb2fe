namespace Hal.Cache.Node.Values;

/// <summary>
/// A hash table of byte arrays, each with its key inside, by extendible hashing (Fagin et al., 1979): a directory by the hashes' leading bits over
/// segments of at most <see cref="TableSegment.ItemsMax"/> items. Growth and shrinkage touch one segment at a time, and a walk in the hashes'
/// order shows every item that is there from its begin to its end, whatever is added or removed meanwhile.
/// </summary>
internal sealed class ByteTable
{
    private const int DepthMax = 24; // 16 million segments, some 4 billion items
    private const int ArrayOverhead = 24;
    private const int MergedItemsMax = TableSegment.ItemsMax / 4;
    private const int RandomTries = 1000;
    private readonly int keyStart;
    private TableSegment[] directory;
    private int depth;
    private long itemBytes;
    private long segmentBytes;

    public ByteTable(int keyStart)
    {
        this.keyStart = keyStart;
        directory = [new TableSegment(0, TableSegment.SlotsMin)];
        segmentBytes = directory[0].MemoryBytes;
    }

    public int Count { get; private set; }

    public long MemoryBytes => itemBytes + segmentBytes + ArrayOverhead + ((long)directory.Length * 8);

    /// <summary>Bytes of memory that an array of a length takes.</summary>
    public static long SizeOf(int length) => ArrayOverhead + ((length + 7) & ~7);

    public bool TryGet(ReadOnlySpan<byte> key, out TableSlot slot)
    {
        uint hash = ByteHash.Of(key);
        TableSegment segment = directory[IndexOf(hash)];
        int at = segment.Find(hash, key, keyStart);
        slot = at < 0 ? default : segment.Slots[at];
        return at >= 0;
    }

    public bool Contains(ReadOnlySpan<byte> key)
    {
        uint hash = ByteHash.Of(key);
        return directory[IndexOf(hash)].Find(hash, key, keyStart) >= 0;
    }

    /// <summary>Puts another item in the place of one with the same key; false where there is none.</summary>
    public bool TryReplace(ReadOnlySpan<byte> key, byte[] item)
    {
        uint hash = ByteHash.Of(key);
        TableSegment segment = directory[IndexOf(hash)];
        int at = segment.Find(hash, key, keyStart);
        if (at < 0) return false;
        ref byte[]? held = ref segment.Slots[at].Item;
        itemBytes += SizeOf(item.Length) - SizeOf(held!.Length);
        held = item;
        return true;
    }

    /// <summary>Adds an item whose key is not there.</summary>
    public void Add(byte[] item, int keyBytes)
    {
        uint hash = ByteHash.Of(item.AsSpan(keyStart, keyBytes));
        TableSegment segment = directory[IndexOf(hash)];
        while (segment.Count >= TableSegment.ItemsMax && segment.Depth < DepthMax)
        {
            Split(segment, hash);
            segment = directory[IndexOf(hash)];
        }

        long before = segment.MemoryBytes;
        segment.Add(new TableSlot { Item = item, Hash = hash, KeyBytes = keyBytes });
        segmentBytes += segment.MemoryBytes - before;
        itemBytes += SizeOf(item.Length);
        Count++;
    }

    /// <summary>Removes a key's item, and gives it; null where there is none.</summary>
    public byte[]? Remove(ReadOnlySpan<byte> key)
    {
        uint hash = ByteHash.Of(key);
        TableSegment segment = directory[IndexOf(hash)];
        int at = segment.Find(hash, key, keyStart);
        if (at < 0) return null;
        byte[] item = segment.Slots[at].Item!;
        long before = segment.MemoryBytes;
        segment.RemoveAt(at);
        segmentBytes += segment.MemoryBytes - before;
        itemBytes -= SizeOf(item.Length);
        Count--;
        if (segment.Depth > 0 && segment.Count <= MergedItemsMax) Merge(segment, hash);
        return item;
    }

    /// <summary>One of the items, each as likely as any other; there is at least one.</summary>
    public TableSlot Random(Random random)
    {
        int widest = TableSegment.SlotsMin;
        if (directory.Length > 1) widest = TableSegment.ItemsMax * 4 / 3;
        else widest = directory[0].Slots.Length;
        for (int i = 0; i < RandomTries; i++)
        {
            int index = random.Next(directory.Length), at = random.Next(widest);
            TableSegment segment = directory[index];
            if (!IsFirst(index, segment) || at >= segment.Slots.Length) continue; // a segment with many places in the directory counts once
            if (segment.Slots[at].Item is not null) return segment.Slots[at];
        }

        // Nearly empty: the next item from a place of chance.
        for (int index = random.Next(directory.Length); ; index = (index + 1) % directory.Length)
        {
            foreach (ref readonly TableSlot slot in directory[index].Slots.AsSpan())
            {
                if (slot.Item is not null) return slot;
            }
        }
    }

    /// <summary>
    /// Adds to <paramref name="found"/> at least <paramref name="count"/> items, or fewer at the end, from a cursor on, and gives the next cursor, 0 at the
    /// end.
    /// </summary>
    public uint Scan(uint cursor, int count, List<TableSlot> found)
    {
        while (true)
        {
            int index = IndexOf(cursor);
            TableSegment segment = directory[index];
            int start = found.Count;
            foreach (ref readonly TableSlot slot in segment.Slots.AsSpan())
            {
                if (slot.Item is not null && slot.Hash >= cursor) found.Add(slot);
            }

            if (found.Count > count)
            {
                // The smallest hashes first; all items of one hash go together, since the cursor can't tell them apart.
                found.Sort(start, found.Count - start, SlotOrder.Instance);
                int end = Math.Max(count, start + 1);
                while (end < found.Count && found[end].Hash == found[end - 1].Hash) end++;
                if (end < found.Count)
                {
                    uint next = found[end].Hash;
                    found.RemoveRange(end, found.Count - end);
                    return next;
                }
            }

            ulong after = ((ulong)(index >> (depth - segment.Depth)) + 1) << (32 - segment.Depth);
            if (after > uint.MaxValue) return 0;
            cursor = (uint)after;
            if (found.Count >= count) return cursor;
        }
    }

    public Enumerator GetEnumerator() => new(this);

    private int IndexOf(uint hash) => depth == 0 ? 0 : (int)(hash >> (32 - depth));

    private bool IsFirst(int index, TableSegment segment) => (index & ((1 << (depth - segment.Depth)) - 1)) == 0;

    private void Split(TableSegment segment, uint hash)
    {
        if (segment.Depth == depth)
        {
            TableSegment[] wider = new TableSegment[directory.Length * 2];
            for (int i = 0; i < wider.Length; i++) wider[i] = directory[i / 2];
            directory = wider;
            depth++;
        }

        int span = 1 << (depth - segment.Depth), from = IndexOf(hash) & ~(span - 1);
        TableSegment high = segment.Split();
        segmentBytes += high.MemoryBytes;
        directory.AsSpan(from + (span / 2), span / 2).Fill(high);
    }

    private void Merge(TableSegment segment, uint hash)
    {
        int span = 1 << (depth - segment.Depth), from = IndexOf(hash) & ~(span - 1);
        TableSegment buddy = directory[from ^ span];
        if (buddy.Depth != segment.Depth || buddy.Count + segment.Count > MergedItemsMax) return;
        segmentBytes -= segment.MemoryBytes + buddy.MemoryBytes;
        foreach (ref readonly TableSlot slot in buddy.Slots.AsSpan())
        {
            if (slot.Item is not null) segment.Add(slot);
        }

        segment.Depth--;
        segmentBytes += segment.MemoryBytes;
        directory.AsSpan(from & ~span, span * 2).Fill(segment);
        if (segment.Depth == 0)
        {
            directory = [segment];
            depth = 0;
        }
    }

    /// <summary>Walks over all items; the table must not change meanwhile.</summary>
    public struct Enumerator(ByteTable table)
    {
        private int index;
        private int at = -1;

        public TableSlot Current { get; private set; }

        public bool MoveNext()
        {
            while (index < table.directory.Length)
            {
                TableSegment segment = table.directory[index];
                TableSlot[] slots = segment.Slots;
                while (++at < slots.Length)
                {
                    if (slots[at].Item is null) continue;
                    Current = slots[at];
                    return true;
                }

                index += 1 << (table.depth - segment.Depth);
                at = -1;
            }

            return false;
        }
    }

    private sealed class SlotOrder : IComparer<TableSlot>
    {
        public static readonly SlotOrder Instance = new();

        public int Compare(TableSlot x, TableSlot y) => x.Hash.CompareTo(y.Hash);
    }
}
