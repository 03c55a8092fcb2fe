using System.Runtime.InteropServices;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Storage.Memory;

/// <summary>
/// Hash table of one shard: buckets with chains through the entries, each link with 16 bits of the hash of what it points to. It grows
/// and shrinks a few buckets at a time, so that no command waits for a whole rehash. Not thread-safe: the shard's lock guards it.
/// </summary>
internal sealed unsafe class KeyTable : IDisposable
{
    private const int BucketsMin = 64;
    private const int BucketsMovedPerChange = 4;
    private const ulong AddressMask = 0xFFFF_FFFF_FFFF;

    private readonly KeyHash hash;
    private readonly PagePool pool;
    private ulong* buckets;
    private ulong mask;
    private ulong* old;      // non-null while rehashing: its buckets below `moved` are empty
    private ulong oldMask;
    private ulong moved;

    public KeyTable(KeyHash hash, PagePool pool)
    {
        this.hash = hash;
        this.pool = pool;
        buckets = AllocateBuckets(BucketsMin);
        mask = BucketsMin - 1;
    }

    public long Count { get; private set; }

    public EntryHeader* Find(ulong keyHash, int space, ReadOnlySpan<byte> key)
    {
        ulong tag = keyHash & ~AddressMask;
        ulong link = *BucketOf(keyHash);
        while (link != 0)
        {
            var entry = (EntryHeader*)(link & AddressMask);
            if ((link & ~AddressMask) == tag && entry->KeyBytes == key.Length && entry->Space == space
                && key.SequenceEqual(new ReadOnlySpan<byte>((byte*)entry + EntryHeader.Bytes, entry->KeyBytes)))
                return entry;
            link = entry->Link;
        }

        return null;
    }

    /// <summary>Adds an entry whose key is not in the table.</summary>
    public void Add(ulong keyHash, EntryHeader* entry)
    {
        ulong* bucket = BucketOf(keyHash);
        entry->Link = *bucket;
        *bucket = LinkTo(keyHash, entry);
        Count++;
        Adjust();
    }

    public void Remove(ulong keyHash, EntryHeader* entry)
    {
        ulong* link = LinkOf(keyHash, entry);
        *link = entry->Link;
        Count--;
        Adjust();
    }

    /// <summary>Puts another entry of the same key in an entry's place.</summary>
    public void Replace(ulong keyHash, EntryHeader* entry, EntryHeader* by)
    {
        ulong* link = LinkOf(keyHash, entry);
        by->Link = entry->Link;
        *link = LinkTo(keyHash, by);
    }

    /// <summary>The bucket chain that a hash belongs to, as its first entry; entries of other hashes may be in it.</summary>
    public EntryHeader* Chain(ulong keyHash) => (EntryHeader*)(*BucketOf(keyHash) & AddressMask);

    public static EntryHeader* Next(EntryHeader* entry) => (EntryHeader*)(entry->Link & AddressMask);

    /// <summary>
    /// Visits one bucket (in both tables while rehashing, with all buckets that it splits into) and returns the next cursor, 0 at the
    /// end: counting from the high bits down, as Redis's dictScan, so that a resize between calls loses nothing.
    /// </summary>
    public ulong Scan(ulong cursor, ref ShardVisitor visitor)
    {
        if (old == null)
        {
            Visit(buckets[cursor & mask], ref visitor);
            return NextCursor(cursor, mask);
        }

        bool grows = mask > oldMask;
        ulong* small = grows ? old : buckets;
        ulong* large = grows ? buckets : old;
        ulong smallMask = grows ? oldMask : mask;
        ulong largeMask = grows ? mask : oldMask;
        Visit(small[cursor & smallMask], ref visitor);
        do
        {
            Visit(large[cursor & largeMask], ref visitor);
            cursor = NextCursor(cursor, largeMask);
        }
        while ((cursor & (smallMask ^ largeMask)) != 0);
        return cursor;
    }

    /// <summary>The same for every entry of the table, whatever its space and expiry.</summary>
    public ulong ScanAll(ulong cursor, List<nint> entries)
    {
        if (old != null)
        {
            // Ends the rehash first: the cursor then needs one table only.
            while (old != null)
                MoveSome();
        }

        for (EntryHeader* entry = (EntryHeader*)(buckets[cursor & mask] & AddressMask); entry != null; entry = Next(entry))
            entries.Add((nint)entry);
        return NextCursor(cursor, mask);
    }

    /// <summary>The entry at a random place, null where the bucket there is empty.</summary>
    public EntryHeader* Sample(Random random)
    {
        ulong place = (ulong)random.NextInt64();
        ulong link = old != null && (place & (1UL << 62)) != 0 ? old[place & oldMask] : buckets[place & mask];
        int length = 0;
        for (ulong at = link; at != 0; at = ((EntryHeader*)(at & AddressMask))->Link)
            length++;
        for (int skip = length > 0 ? random.Next(length) : 0; skip > 0; skip--)
            link = ((EntryHeader*)(link & AddressMask))->Link;
        return (EntryHeader*)(link & AddressMask);
    }

    public void Dispose()
    {
        FreeBuckets(ref buckets, mask);
        FreeBuckets(ref old, oldMask);
    }

    private static ulong LinkTo(ulong keyHash, EntryHeader* entry) => (ulong)entry | (keyHash & ~AddressMask);

    private static ulong NextCursor(ulong cursor, ulong mask)
    {
        cursor |= ~mask;
        cursor = Reverse(cursor);
        cursor++;
        return Reverse(cursor);
    }

    private static ulong Reverse(ulong value)
    {
        value = ((value >> 1) & 0x5555555555555555) | ((value & 0x5555555555555555) << 1);
        value = ((value >> 2) & 0x3333333333333333) | ((value & 0x3333333333333333) << 2);
        value = ((value >> 4) & 0x0F0F0F0F0F0F0F0F) | ((value & 0x0F0F0F0F0F0F0F0F) << 4);
        return System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(value);
    }

    private static void Visit(ulong link, ref ShardVisitor visitor)
    {
        while (link != 0)
        {
            var entry = (EntryHeader*)(link & AddressMask);
            link = entry->Link;
            visitor.Visit(entry);
        }
    }

    private ulong* BucketOf(ulong keyHash)
    {
        if (old != null)
        {
            ulong index = keyHash & oldMask;
            if (index >= moved)
                return old + index;
        }

        return buckets + (keyHash & mask);
    }

    private ulong* LinkOf(ulong keyHash, EntryHeader* entry)
    {
        ulong* link = BucketOf(keyHash);
        while ((EntryHeader*)(*link & AddressMask) != entry)
            link = &((EntryHeader*)(*link & AddressMask))->Link;
        return link;
    }

    private void Adjust()
    {
        if (old != null)
        {
            MoveSome();
            return;
        }

        ulong size = mask + 1;
        if ((ulong)Count > size)
            Resize(size * 2);
        else if (size > BucketsMin && (ulong)Count < size / 8)
            Resize(size / 2);
    }

    private void Resize(ulong size)
    {
        old = buckets;
        oldMask = mask;
        moved = 0;
        buckets = AllocateBuckets(size);
        mask = size - 1;
        MoveSome();
    }

    private void MoveSome()
    {
        for (int step = 0; step < BucketsMovedPerChange && moved <= oldMask; step++, moved++)
        {
            ulong link = old[moved];
            while (link != 0)
            {
                var entry = (EntryHeader*)(link & AddressMask);
                ulong next = entry->Link;
                ulong keyHash = hash.Of(new ReadOnlySpan<byte>((byte*)entry + EntryHeader.Bytes, entry->KeyBytes));
                ulong* bucket = buckets + (keyHash & mask);
                entry->Link = *bucket;
                *bucket = LinkTo(keyHash, entry);
                link = next;
            }

            old[moved] = 0;
        }

        if (moved > oldMask)
            FreeBuckets(ref old, oldMask);
    }

    private ulong* AllocateBuckets(ulong size)
    {
        pool.AddOverhead((long)size * sizeof(ulong));
        return (ulong*)NativeMemory.AllocZeroed((nuint)size, sizeof(ulong));
    }

    private void FreeBuckets(ref ulong* table, ulong tableMask)
    {
        if (table == null)
            return;
        NativeMemory.Free(table);
        table = null;
        pool.AddOverhead(-(long)(tableMask + 1) * sizeof(ulong));
    }
}
