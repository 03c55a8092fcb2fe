using System.Buffers;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Node.Values;

/// <summary>A set: integers in order, a listpack, or a table. Not thread-safe: its shard's lock guards it.</summary>
public sealed class SetValue(CollectionLimits limits) : ICollectionValue
{
    private const int Overhead = 64;
    private const int IntegersHardMax = 1 << 30;
    private IntegerSet integers = IntegerSet.New();
    private Listpack small;
    private ByteTable? table;

    public BlobType Type => BlobType.Set;

    public bool IsEmpty => Count == 0;

    public bool IsPackable => table is null;

    public long MemoryBytes => Overhead + (table?.MemoryBytes ?? integers.MemoryBytes + small.MemoryBytes);

    public int Count => Encoding switch { SetEncoding.Table => table!.Count, SetEncoding.Compact => small.Count, _ => integers.Count };

    public SetEncoding Encoding { get; private set; }

    /// <summary>The integers where that is the encoding.</summary>
    public IntegerSet Integers => integers;

    public bool Contains(ReadOnlySpan<byte> member) => Encoding switch
    {
        SetEncoding.Table => table!.Contains(member),
        SetEncoding.Compact => small.Find(small.First, member) >= 0,
        _ => Listpack.TryInteger(member, out long number) && integers.Contains(number),
    };

    /// <summary>Adds a member; false where it is there.</summary>
    public bool Add(ReadOnlySpan<byte> member, ChangeLog? log)
    {
        bool added = Encoding switch
        {
            SetEncoding.Table => AddToTable(member),
            SetEncoding.Compact => AddToCompact(member),
            _ => AddToIntegers(member),
        };
        if (added) log?.Add(ChangeKind.Add, member);
        return added;
    }

    public bool Remove(ReadOnlySpan<byte> member, ChangeLog? log)
    {
        bool removed;
        if (Encoding == SetEncoding.Table)
        {
            removed = table!.Remove(member) is not null;
        }
        else if (Encoding == SetEncoding.Compact)
        {
            int at = small.Find(small.First, member);
            removed = at >= 0;
            if (removed) small.Remove(at);
        }
        else
        {
            removed = Listpack.TryInteger(member, out long number) && integers.Remove(number);
        }

        if (removed) log?.Add(ChangeKind.Remove, member);
        return removed;
    }

    /// <summary>A member of chance.</summary>
    public ReadOnlySpan<byte> Random(Random random, Span<byte> scratch)
    {
        if (Encoding == SetEncoding.Table)
        {
            TableSlot slot = table!.Random(random);
            return slot.Item.AsSpan(0, slot.KeyBytes);
        }

        int index = random.Next(Count);
        if (Encoding == SetEncoding.Compact) return small.Get(small.Seek(index), scratch);
        integers[index].TryFormat(scratch, out int written);
        return scratch[..written];
    }

    /// <summary>The members in the set's own order.</summary>
    public MemberCursor Members(Span<byte> scratch) => new(this, scratch);

    /// <summary>
    /// Gives at least <paramref name="count"/> members from a cursor on, or fewer at the end, with the promise of Redis's SCAN, and the next cursor, 0 at the
    /// end; a compact set gives all.
    /// </summary>
    public ulong Scan(ulong cursor, int count, Action<ReadOnlyMemory<byte>> visit)
    {
        ArgumentNullException.ThrowIfNull(visit);
        if (table is not null)
        {
            var found = new List<TableSlot>();
            uint next = table.Scan((uint)Math.Min(cursor, uint.MaxValue), count, found);
            foreach (TableSlot slot in found) visit(slot.Item);
            return next;
        }

        Span<byte> scratch = stackalloc byte[Listpack.ScratchBytes];
        MemberCursor members = Members(scratch);
        while (members.MoveNext()) visit(members.Current.ToArray());
        return 0;
    }

    public void Write(IBufferWriter<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        if (Encoding == SetEncoding.Compact)
        {
            BlobFormat.WriteCompact(destination, small);
            return;
        }

        BlobFormat.WriteHeader(destination, Encoding == SetEncoding.Table ? BlobFormat.Table : BlobFormat.Integers, Count);
        if (Encoding == SetEncoding.Integers)
        {
            BlobFormat.WriteBytes(destination, integers.Span);
            return;
        }

        foreach (TableSlot slot in table!) BlobFormat.WriteBytes(destination, slot.Item);
    }

    public bool TryApply(ReadOnlySpan<byte> change)
    {
        var reader = new ChangeReader(change);
        while (!reader.IsEnd)
        {
            if (!reader.TryByte(out byte kind) || !reader.TryBytes(out ReadOnlySpan<byte> member)) return false;
            if (kind == (byte)ChangeKind.Add) Add(member, null);
            else if (kind == (byte)ChangeKind.Remove) Remove(member, null);
            else return false;
        }

        return true;
    }

    /// <summary>A set of integers from a payload.</summary>
    public static SetValue FromIntegers(CollectionLimits limits, IntegerSet integers)
    {
        var set = new SetValue(limits) { integers = integers };
        if (integers.Count > limits.SetIntegersMax) set.ToTable();
        return set;
    }

    internal static SetValue? Read(CollectionLimits limits, ReadOnlySpan<byte> blob)
    {
        var reader = new ChangeReader(blob);
        if (!BlobFormat.TryHeader(ref reader, out byte encoding, out long count)) return null;
        var set = new SetValue(limits);
        if (encoding == BlobFormat.Integers)
            return reader.TryBytes(out ReadOnlySpan<byte> bytes) && IntegerSet.TryRead(bytes, out set.integers) ? set : null;
        if (encoding == BlobFormat.Compact)
        {
            if (!reader.TryBytes(out ReadOnlySpan<byte> bytes) || !Listpack.TryRead(bytes, out set.small)) return null;
            set.integers = default;
            set.Encoding = SetEncoding.Compact;
            return set;
        }

        set.ToTable();
        for (; count > 0; count--)
        {
            if (!reader.TryBytes(out ReadOnlySpan<byte> member)) return null;
            set.AddToTable(member);
        }

        return set;
    }

    private bool AddToTable(ReadOnlySpan<byte> member)
    {
        if (table!.Contains(member)) return false;
        table.Add(member.ToArray(), member.Length);
        return true;
    }

    private bool AddToCompact(ReadOnlySpan<byte> member)
    {
        if (small.Find(small.First, member) >= 0) return false;
        if (small.Count < limits.SetEntriesMax && member.Length <= limits.SetValueBytesMax)
        {
            small.Append(member);
            return true;
        }

        ToTable();
        return AddToTable(member);
    }

    private bool AddToIntegers(ReadOnlySpan<byte> member)
    {
        if (Listpack.TryInteger(member, out long number))
        {
            if (!integers.Add(number)) return false;
            if (integers.Count > Math.Min(limits.SetIntegersMax, IntegersHardMax))
            {
                if (integers.Count <= limits.SetEntriesMax) ToCompact(); // where the parameters are set so that this encoding is roomier
                else ToTable();
            }

            return true;
        }

        if (integers.Count >= limits.SetEntriesMax || member.Length > limits.SetValueBytesMax)
        {
            ToTable();
            return AddToTable(member);
        }

        ToCompact();
        small.Append(member);
        return true;
    }

    private void ToCompact()
    {
        small = Listpack.New();
        Span<byte> text = stackalloc byte[Listpack.ScratchBytes];
        for (int i = 0; i < integers.Count; i++)
        {
            integers[i].TryFormat(text, out int written);
            small.Append(text[..written]);
        }

        integers = default;
        Encoding = SetEncoding.Compact;
    }

    private void ToTable()
    {
        var all = new ByteTable(0);
        Span<byte> scratch = stackalloc byte[Listpack.ScratchBytes];
        MemberCursor members = Members(scratch);
        while (members.MoveNext()) all.Add(members.Current.ToArray(), members.Current.Length);
        (table, small, integers) = (all, default, default);
        Encoding = SetEncoding.Table;
    }

    /// <summary>Walks over the members; the set must not change meanwhile.</summary>
    public ref struct MemberCursor
    {
        private readonly SetValue set;
        private readonly Span<byte> scratch;
        private ByteTable.Enumerator items;
        private int at;

        internal MemberCursor(SetValue set, Span<byte> scratch)
        {
            (this.set, at) = (set, -1);
            this.scratch = scratch;
            if (set.table is not null) items = set.table.GetEnumerator();
        }

        public ReadOnlySpan<byte> Current { get; private set; }

        public bool MoveNext()
        {
            switch (set.Encoding)
            {
                case SetEncoding.Table:
                    if (!items.MoveNext()) return false;
                    Current = items.Current.Item;
                    return true;
                case SetEncoding.Compact:
                    at = at < 0 ? set.small.First : set.small.Next(at);
                    if (at < 0) return false;
                    Current = set.small.Get(at, scratch);
                    return true;
                default:
                    if (++at >= set.integers.Count) return false;
                    set.integers[at].TryFormat(scratch, out int written);
                    Current = scratch[..written];
                    return true;
            }
        }
    }
}
