using System.Buffers;
using System.Buffers.Binary;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Node.Values;

/// <summary>A hash: a listpack of fields and values while it is small, then a table. Not thread-safe: its shard's lock guards it.</summary>
public sealed class HashValue(CollectionLimits limits) : ICollectionValue
{
    /// <summary>Bytes in front of a table's item that hold the field's length.</summary>
    private const int LengthBytes = sizeof(int);
    private const int Overhead = 56;
    private Listpack small = Listpack.New();
    private ByteTable? table;
    private FieldTimes? times; // null until a field gets one
    private long asOf;
    private int gone;

    public BlobType Type => BlobType.Hash;

    public bool IsEmpty => Count == 0;

    public bool IsPackable => table is null && times is null;

    public long MemoryBytes => Overhead + (table?.MemoryBytes ?? small.MemoryBytes) + (times?.MemoryBytes ?? 0);

    /// <summary>Number of fields whose time has not come.</summary>
    public int Count => (table?.Count ?? small.Count / 2) - gone;

    /// <summary>Whether a field had a time at which it expires since the hash is in memory.</summary>
    public bool HasTimes => times is not null;

    /// <summary>The earliest time of a field in Unix milliseconds, which may have come; <see cref="long.MaxValue"/> where none has one.</summary>
    public long NextExpiry => times?.First ?? long.MaxValue;

    /// <summary>Number of fields whose time had come by <see cref="LookAt"/> and that were not removed yet.</summary>
    public int ExpiredCount => gone;

    /// <summary>The time at which whoever removes expired fields will come, at the latest; it keeps this to itself.</summary>
    public long PlannedExpiry { get; set; } = long.MaxValue;

    /// <summary>True while the encoding is a listpack.</summary>
    public bool IsCompact => table is null;

    /// <summary>The listpack of a compact hash.</summary>
    public Listpack Compact => small;

    /// <summary>A hash of a listpack with fields and values; null where that is malformed, or has a field twice.</summary>
    public static HashValue? FromListpack(CollectionLimits limits, Listpack listpack)
    {
        int count = listpack.Count;
        if (count == 0 || (count & 1) != 0) return null;
        var value = new HashValue(limits);
        if (count / 2 <= limits.HashEntriesMax)
        {
            var seen = new ByteTable(0);
            Span<byte> scratch = stackalloc byte[Listpack.ScratchBytes];
            for (int at = listpack.First; at >= 0; at = listpack.Next(listpack.Next(at)))
            {
                ReadOnlySpan<byte> field = listpack.Get(at, scratch);
                if (seen.Contains(field)) return null;
                seen.Add(field.ToArray(), field.Length);
            }

            value.small = listpack;
            return value;
        }

        return value.AddAll(listpack) ? value : null;
    }

    /// <summary>From here on fields whose time is not after this one, in Unix milliseconds, are as though they were not there; they are removed later.</summary>
    public void LookAt(long now)
    {
        asOf = now;
        gone = times?.CountUntil(now) ?? 0;
    }

    /// <summary>The time at which a field expires, in Unix milliseconds, 0 where it has none or is not there.</summary>
    public long TimeOf(ReadOnlySpan<byte> field) => times is null || IsGone(field) ? 0 : times.Of(field);

    /// <summary>Gives a field, which is there, the time at which it expires, 0 for never.</summary>
    public void SetTime(ReadOnlySpan<byte> field, long at, ChangeLog? log)
    {
        log?.Add(ChangeKind.Expire, field);
        log?.AddNumber(at);
        if (at == 0)
        {
            times?.Remove(field);
            return;
        }

        (times ??= new FieldTimes(limits)).Set(field, at);
    }

    /// <summary>Removes fields whose time had come by <see cref="LookAt"/>, at most so many; gives how many.</summary>
    public int RemoveExpired(int most, ChangeLog? log)
    {
        int removed = 0;
        Span<byte> scratch = stackalloc byte[Listpack.ScratchBytes];
        for (; gone > 0 && removed < most; removed++)
        {
            SortedSetValue.ScoredCursor first = times!.InOrder(scratch);
            first.MoveNext();
            byte[] field = first.Member.ToArray();
            gone--;
            times.Remove(field);
            Remove(field, log);
        }

        return removed;
    }

    public bool TryGet(ReadOnlySpan<byte> field, Span<byte> scratch, out ReadOnlySpan<byte> value)
    {
        value = default;
        if (IsGone(field)) return false;
        if (table is not null)
        {
            if (!table.TryGet(field, out TableSlot slot)) return false;
            value = ValueOf(slot);
            return true;
        }

        int at = small.Find(small.First, field, skip: 1);
        if (at < 0) return false;
        value = small.Get(small.Next(at), scratch);
        return true;
    }

    public bool Contains(ReadOnlySpan<byte> field) => !IsGone(field) && (table?.Contains(field) ?? small.Find(small.First, field, skip: 1) >= 0);

    /// <summary>Sets a field, which then never expires; true where it is new.</summary>
    public bool Set(ReadOnlySpan<byte> field, ReadOnlySpan<byte> value, ChangeLog? log)
    {
        log?.Add(ChangeKind.Set, field, value);
        bool wasGone = IsGone(field);
        if (wasGone) gone--;
        times?.Remove(field);
        return Put(field, value) || wasGone;
    }

    public bool Remove(ReadOnlySpan<byte> field, ChangeLog? log)
    {
        if (IsGone(field)) return false;
        times?.Remove(field);
        if (table is not null)
        {
            if (table.Remove(field) is null) return false;
        }
        else
        {
            int at = small.Find(small.First, field, skip: 1);
            if (at < 0) return false;
            small.Remove(at, 2);
        }

        log?.Add(ChangeKind.Remove, field);
        return true;
    }

    /// <summary>The pairs in the hash's own order; the scratch space has room for two integers.</summary>
    public PairCursor Pairs(Span<byte> scratch) => new(this, scratch);

    /// <summary>Makes it a table, because of many or long values to come.</summary>
    public void Expand()
    {
        if (table is not null) return;
        table = new ByteTable(LengthBytes);
        AddAll(small);
        small = default;
    }

    /// <summary>A pair of chance.</summary>
    public void Random(Random random, Span<byte> scratch, out ReadOnlySpan<byte> field, out ReadOnlySpan<byte> value)
    {
        if (gone > 0)
        {
            PairCursor pairs = Pairs(scratch);
            for (int index = random.Next(Count); index >= 0; index--) pairs.MoveNext();
            field = pairs.Field;
            value = pairs.Value;
            return;
        }

        if (table is not null)
        {
            TableSlot slot = table.Random(random);
            field = FieldOf(slot);
            value = ValueOf(slot);
            return;
        }

        int at = small.Seek(random.Next(Count) * 2);
        field = small.Get(at, scratch);
        value = small.Get(small.Next(at), scratch[Listpack.ScratchBytes..]);
    }

    /// <summary>
    /// Gives at least <paramref name="count"/> pairs from a cursor on, or fewer at the end, with the promise of Redis's SCAN, and the next cursor, 0 at the end; a
    /// compact hash gives all.
    /// </summary>
    public ulong Scan(ulong cursor, int count, Action<byte[], int, int> visit)
    {
        ArgumentNullException.ThrowIfNull(visit);
        if (table is not null)
        {
            var found = new List<TableSlot>();
            uint next = table.Scan((uint)Math.Min(cursor, uint.MaxValue), count, found);
            foreach (TableSlot slot in found)
            {
                if (!IsGone(FieldOf(slot))) visit(slot.Item!, LengthBytes, slot.KeyBytes);
            }

            return next;
        }

        Span<byte> scratch = stackalloc byte[2 * Listpack.ScratchBytes];
        PairCursor pairs = Pairs(scratch);
        while (pairs.MoveNext()) visit(ItemOf(pairs.Field, pairs.Value), LengthBytes, pairs.Field.Length);
        return 0;
    }

    public HashValue Copy()
    {
        var copy = new HashValue(limits) { times = times?.Copy() };
        if (table is null)
        {
            copy.small = small.Copy();
            return copy;
        }

        copy.Expand();
        foreach (TableSlot slot in table) copy.table!.Add([.. slot.Item!], slot.KeyBytes);
        return copy;
    }

    public void Write(IBufferWriter<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        if (times is { Count: > 0 }) WriteTimes(destination, times);
        if (table is null)
        {
            BlobFormat.WriteCompact(destination, small);
            return;
        }

        BlobFormat.WriteHeader(destination, BlobFormat.Table, table.Count);
        foreach (TableSlot slot in table)
        {
            BlobFormat.WriteBytes(destination, FieldOf(slot));
            BlobFormat.WriteBytes(destination, ValueOf(slot));
        }
    }

    public bool TryApply(ReadOnlySpan<byte> change)
    {
        var reader = new ChangeReader(change);
        while (!reader.IsEnd)
        {
            if (!reader.TryByte(out byte kind) || !reader.TryBytes(out ReadOnlySpan<byte> field)) return false;
            switch ((ChangeKind)kind)
            {
                case ChangeKind.Set:
                    if (!reader.TryBytes(out ReadOnlySpan<byte> value)) return false;
                    Set(field, value, null);
                    break;
                case ChangeKind.Remove:
                    Remove(field, null);
                    break;
                case ChangeKind.Expire:
                    if (!reader.TryNumber(out long at) || at < 0 || !Contains(field)) return false;
                    SetTime(field, at, null);
                    break;
                default:
                    return false;
            }
        }

        return true;
    }

    internal static HashValue? Read(CollectionLimits limits, ReadOnlySpan<byte> blob)
    {
        var reader = new ChangeReader(blob);
        if (!BlobFormat.TryHeader(ref reader, out byte encoding, out long count)) return null;
        FieldTimes? times = null;
        if (encoding == BlobFormat.Timed && (!TryReadTimes(ref reader, count, times = new FieldTimes(limits)) || !BlobFormat.TryHeader(ref reader, out encoding, out count)))
            return null;
        if (encoding == BlobFormat.Compact)
        {
            if (!reader.TryBytes(out ReadOnlySpan<byte> bytes) || !Listpack.TryRead(bytes, out Listpack listpack) || (listpack.Count & 1) != 0) return null;
            return new HashValue(limits) { small = listpack, times = times };
        }

        var hash = new HashValue(limits);
        hash.Expand();
        for (; count > 0; count--)
        {
            if (!reader.TryBytes(out ReadOnlySpan<byte> field) || !reader.TryBytes(out ReadOnlySpan<byte> value)) return null;
            hash.Set(field, value, null);
        }

        hash.times = times;
        return hash;
    }

    private bool IsGone(ReadOnlySpan<byte> field) => gone > 0 && times!.Of(field) is not 0 and var at && at <= asOf;

    private static void WriteTimes(IBufferWriter<byte> destination, FieldTimes times)
    {
        BlobFormat.WriteHeader(destination, BlobFormat.Timed, times.Count);
        SortedSetValue.ScoredCursor all = times.InOrder(stackalloc byte[Listpack.ScratchBytes]);
        while (all.MoveNext())
        {
            BlobFormat.WriteBytes(destination, all.Member);
            BlobFormat.WriteNumber(destination, (long)all.Score);
        }
    }

    private static bool TryReadTimes(ref ChangeReader reader, long count, FieldTimes times)
    {
        for (; count > 0; count--)
        {
            if (!reader.TryBytes(out ReadOnlySpan<byte> field) || !reader.TryNumber(out long at) || at <= 0) return false;
            times.Set(field, at);
        }

        return true;
    }

    private bool Put(ReadOnlySpan<byte> field, ReadOnlySpan<byte> value)
    {
        if (table is null && (field.Length > limits.HashValueBytesMax || value.Length > limits.HashValueBytesMax)) Expand();
        if (table is not null) return SetLarge(field, value);
        int at = small.Find(small.First, field, skip: 1);
        if (at >= 0)
        {
            small.Replace(small.Next(at), value);
            return false;
        }

        small.Append(field);
        small.Append(value);
        if (small.Count / 2 > limits.HashEntriesMax) Expand();
        return true;
    }

    private bool SetLarge(ReadOnlySpan<byte> field, ReadOnlySpan<byte> value)
    {
        if (table!.TryGet(field, out TableSlot slot))
        {
            if (slot.Item!.Length == LengthBytes + field.Length + value.Length) value.CopyTo(slot.Item.AsSpan(LengthBytes + field.Length));
            else table.TryReplace(field, ItemOf(field, value));
            return false;
        }

        table.Add(ItemOf(field, value), field.Length);
        return true;
    }

    private bool AddAll(Listpack listpack)
    {
        Expand();
        Span<byte> scratch = stackalloc byte[2 * Listpack.ScratchBytes];
        for (int at = listpack.First; at >= 0; at = listpack.Next(at))
        {
            ReadOnlySpan<byte> field = listpack.Get(at, scratch);
            at = listpack.Next(at);
            if (!SetLarge(field, listpack.Get(at, scratch[Listpack.ScratchBytes..]))) return false;
        }

        return true;
    }

    private static byte[] ItemOf(ReadOnlySpan<byte> field, ReadOnlySpan<byte> value)
    {
        byte[] item = GC.AllocateUninitializedArray<byte>(LengthBytes + field.Length + value.Length);
        BinaryPrimitives.WriteInt32LittleEndian(item, field.Length);
        field.CopyTo(item.AsSpan(LengthBytes));
        value.CopyTo(item.AsSpan(LengthBytes + field.Length));
        return item;
    }

    private static ReadOnlySpan<byte> FieldOf(TableSlot slot) => slot.Item.AsSpan(LengthBytes, slot.KeyBytes);

    private static ReadOnlySpan<byte> ValueOf(TableSlot slot) => slot.Item.AsSpan(LengthBytes + slot.KeyBytes);

    /// <summary>Walks over the pairs; the hash must not change meanwhile.</summary>
    public ref struct PairCursor
    {
        private readonly HashValue hash;
        private readonly Span<byte> scratch;
        private ByteTable.Enumerator items;
        private int at;

        internal PairCursor(HashValue hash, Span<byte> scratch)
        {
            (this.hash, at) = (hash, -1);
            this.scratch = scratch;
            if (hash.table is not null) items = hash.table.GetEnumerator();
        }

        public ReadOnlySpan<byte> Field { get; private set; }

        public ReadOnlySpan<byte> Value { get; private set; }

        public bool MoveNext()
        {
            while (Next())
            {
                if (!hash.IsGone(Field)) return true;
            }

            return false;
        }

        private bool Next()
        {
            if (hash.table is not null)
            {
                if (!items.MoveNext()) return false;
                Field = FieldOf(items.Current);
                Value = ValueOf(items.Current);
                return true;
            }

            at = at < 0 ? hash.small.First : hash.small.Next(at);
            if (at < 0) return false;
            Field = hash.small.Get(at, scratch);
            at = hash.small.Next(at);
            Value = hash.small.Get(at, scratch[Listpack.ScratchBytes..]);
            return true;
        }
    }
}
