using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Node.Values;

/// <summary>
/// A sorted set: a listpack of members and scores in order while it is small, then a table of members and a tree of scores. Not thread-safe: its
/// shard's lock guards it.
/// </summary>
public sealed class SortedSetValue(CollectionLimits limits) : ICollectionValue
{
    private const int Overhead = 64;
    private const double WholeMax = 1L << 53;
    private const byte FractionMark = (byte)'d'; // no integer begins with it
    private const int FractionBytes = 1 + sizeof(double);
    private Listpack small = Listpack.New();
    private ByteTable? table;
    private ScoreTree? tree;

    public BlobType Type => BlobType.SortedSet;

    public bool IsEmpty => Count == 0;

    public bool IsPackable => table is null;

    public long MemoryBytes => Overhead + (table is null ? small.MemoryBytes : table.MemoryBytes + tree!.MemoryBytes);

    public int Count => table?.Count ?? small.Count / 2;

    /// <summary>True while the encoding is a listpack.</summary>
    public bool IsCompact => table is null;

    public bool TryGetScore(ReadOnlySpan<byte> member, out double score)
    {
        score = 0;
        if (table is not null)
        {
            if (!table.TryGet(member, out TableSlot slot)) return false;
            score = BinaryPrimitives.ReadDoubleLittleEndian(slot.Item);
            return true;
        }

        int at = small.Find(small.First, member, skip: 1);
        if (at < 0) return false;
        score = ScoreAt(small.Next(at));
        return true;
    }

    /// <summary>Adds a member, or gives it another score, which is a number; true where it is new.</summary>
    public bool Set(ReadOnlySpan<byte> member, double score, ChangeLog? log)
    {
        log?.Add(ChangeKind.Set, BitConverter.DoubleToInt64Bits(score), member);
        if (table is null)
        {
            int at = small.Find(small.First, member, skip: 1);
            if (at >= 0)
            {
                small.Remove(at, 2);
                InsertCompact(member, score);
                return false;
            }

            if (small.Count / 2 < limits.SortedSetEntriesMax && member.Length <= limits.SortedSetValueBytesMax)
            {
                InsertCompact(member, score);
                return true;
            }

            Expand();
        }

        if (table!.TryGet(member, out TableSlot slot))
        {
            double old = BinaryPrimitives.ReadDoubleLittleEndian(slot.Item);
            tree!.Remove(old, member);
            BinaryPrimitives.WriteDoubleLittleEndian(slot.Item, score);
            tree.Insert(score, slot.Item!);
            return false;
        }

        AddLarge(member, score);
        return true;
    }

    public bool Remove(ReadOnlySpan<byte> member, ChangeLog? log)
    {
        if (table is null)
        {
            int at = small.Find(small.First, member, skip: 1);
            if (at < 0) return false;
            small.Remove(at, 2);
        }
        else
        {
            if (!table.TryGet(member, out TableSlot slot)) return false;
            tree!.Remove(BinaryPrimitives.ReadDoubleLittleEndian(slot.Item), member);
            table.Remove(member);
        }

        log?.Add(ChangeKind.Remove, member);
        return true;
    }

    /// <summary>Removes members from a rank on, which exist.</summary>
    public void RemoveRanks(int from, int count, ChangeLog? log)
    {
        if (count == 0) return;
        log?.Add(ChangeKind.RemoveRanks, ((long)from << 32) | (uint)count);
        if (table is null)
        {
            small.Remove(small.Seek(from * 2), count * 2);
            return;
        }

        for (; count > 0; count--)
        {
            ScoreNode leaf = tree!.Seek(from, out int at);
            byte[] item = leaf.Items[at];
            tree.RemoveAt(from);
            table.Remove(item.AsSpan(ScoreTree.MemberStart));
        }
    }

    /// <summary>Number of members before a place.</summary>
    public int CountBehind<T>(T bound)
        where T : IScoreBound, allows ref struct
    {
        if (tree is not null) return tree.CountBehind(bound);
        Span<byte> scratch = stackalloc byte[Listpack.ScratchBytes];
        int count = 0;
        for (int at = small.First; at >= 0; at = small.Next(at), count++)
        {
            int score = small.Next(at);
            if (!bound.IsBehind(ScoreAt(score), small.Get(at, scratch))) break;
            at = score;
        }

        return count;
    }

    /// <summary>The rank of a member from 0 on, -1 where it is not there.</summary>
    public int RankOf(ReadOnlySpan<byte> member, out double score) =>
        TryGetScore(member, out score) ? CountBehind(new ItemBound(score, member)) : -1;

    /// <summary>The members from a rank on, which exists, in rising or, backward, falling order.</summary>
    public ScoredCursor Items(int rank, bool backward, Span<byte> scratch) => Count == 0 ? default : new(this, rank, backward, scratch);

    /// <summary>A member of chance with its score.</summary>
    public ReadOnlySpan<byte> Random(Random random, Span<byte> scratch, out double score)
    {
        if (table is not null)
        {
            TableSlot slot = table.Random(random);
            score = BinaryPrimitives.ReadDoubleLittleEndian(slot.Item);
            return MemberOf(slot.Item!);
        }

        int at = small.Seek(random.Next(Count) * 2);
        score = ScoreAt(small.Next(at));
        return small.Get(at, scratch);
    }

    /// <summary>
    /// Gives at least <paramref name="count"/> members from a cursor on, or fewer at the end, with the promise of Redis's SCAN, and the next cursor, 0 at the
    /// end; a compact set gives all.
    /// </summary>
    public ulong Scan(ulong cursor, int count, Action<ReadOnlyMemory<byte>, double> visit)
    {
        ArgumentNullException.ThrowIfNull(visit);
        if (table is not null)
        {
            var found = new List<TableSlot>();
            uint next = table.Scan((uint)Math.Min(cursor, uint.MaxValue), count, found);
            foreach (TableSlot slot in found) visit(slot.Item.AsMemory(ScoreTree.MemberStart), BinaryPrimitives.ReadDoubleLittleEndian(slot.Item));
            return next;
        }

        Span<byte> scratch = stackalloc byte[Listpack.ScratchBytes];
        ScoredCursor items = Items(0, false, scratch);
        while (items.MoveNext()) visit(items.Member.ToArray(), items.Score);
        return 0;
    }

    /// <summary>Makes it compact where the limits allow it, for results that were built at once.</summary>
    public void TryCompact()
    {
        if (table is null || Count > limits.SortedSetEntriesMax) return;
        foreach (TableSlot slot in table)
        {
            if (slot.KeyBytes > limits.SortedSetValueBytesMax) return;
        }

        Listpack compact = Listpack.New();
        Span<byte> text = stackalloc byte[Listpack.ScratchBytes];
        ScoredCursor items = Items(0, false, default);
        while (items.MoveNext())
        {
            compact.Append(items.Member);
            compact.Append(TextOf(items.Score, text));
        }

        (small, table, tree) = (compact, null, null);
    }

    /// <summary>Makes it a table, because of many or long members to come.</summary>
    public void Expand()
    {
        if (table is not null) return;
        var members = new ByteTable(ScoreTree.MemberStart);
        var scores = new ScoreTree();
        Span<byte> scratch = stackalloc byte[Listpack.ScratchBytes];
        ScoredCursor items = Items(0, false, scratch);
        while (items.MoveNext())
        {
            byte[] item = ItemOf(items.Member, items.Score);
            members.Add(item, items.Member.Length);
            scores.Insert(items.Score, item);
        }

        (table, tree, small) = (members, scores, default);
    }

    public void Write(IBufferWriter<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        if (table is null)
        {
            BlobFormat.WriteCompact(destination, small);
            return;
        }

        BlobFormat.WriteHeader(destination, BlobFormat.Table, Count);
        ScoredCursor items = Items(0, false, default);
        while (items.MoveNext())
        {
            BlobFormat.WriteNumber(destination, BitConverter.DoubleToInt64Bits(items.Score));
            BlobFormat.WriteBytes(destination, items.Member);
        }
    }

    public bool TryApply(ReadOnlySpan<byte> change)
    {
        var reader = new ChangeReader(change);
        while (!reader.IsEnd)
        {
            if (!reader.TryByte(out byte kind)) return false;
            long number = 0;
            if ((ChangeKind)kind != ChangeKind.Remove && !reader.TryNumber(out number)) return false;
            ReadOnlySpan<byte> member = default;
            if ((ChangeKind)kind != ChangeKind.RemoveRanks && !reader.TryBytes(out member)) return false;
            switch ((ChangeKind)kind)
            {
                case ChangeKind.Set:
                    Set(member, BitConverter.Int64BitsToDouble(number), null);
                    break;
                case ChangeKind.Remove:
                    Remove(member, null);
                    break;
                case ChangeKind.RemoveRanks:
                    int from = (int)(number >> 32), count = (int)number;
                    if (from < 0 || count < 0 || (long)from + count > Count) return false;
                    RemoveRanks(from, count, null);
                    break;
                default:
                    return false;
            }
        }

        return true;
    }

    internal static SortedSetValue? Read(CollectionLimits limits, ReadOnlySpan<byte> blob)
    {
        var reader = new ChangeReader(blob);
        if (!BlobFormat.TryHeader(ref reader, out byte encoding, out long count)) return null;
        var set = new SortedSetValue(limits);
        if (encoding == BlobFormat.Compact)
            return reader.TryBytes(out ReadOnlySpan<byte> bytes) && Listpack.TryRead(bytes, out set.small) ? set : null;
        set.Expand();
        for (; count > 0; count--)
        {
            if (!reader.TryNumber(out long score) || !reader.TryBytes(out ReadOnlySpan<byte> member)) return null;
            set.AddLarge(member, BitConverter.Int64BitsToDouble(score));
        }

        return set;
    }

    private void AddLarge(ReadOnlySpan<byte> member, double score)
    {
        byte[] item = ItemOf(member, score);
        table!.Add(item, member.Length);
        tree!.Insert(score, item);
    }

    private void InsertCompact(ReadOnlySpan<byte> member, double score)
    {
        Span<byte> scratch = stackalloc byte[Listpack.ScratchBytes];
        var bound = new ItemBound(score, member);
        int at = small.First;
        while (at >= 0)
        {
            int scoreAt = small.Next(at);
            if (!bound.IsBehind(ScoreAt(scoreAt), small.Get(at, scratch))) break;
            at = small.Next(scoreAt);
        }

        if (at < 0) at = small.EndPosition;
        small.Insert(at, TextOf(score, scratch));
        small.Insert(at, member);
    }

    private double ScoreAt(int at)
    {
        if (small.TryGetInteger(at, out long number)) return number;
        return BinaryPrimitives.ReadDoubleLittleEndian(small.Get(at, default)[1..]);
    }

    // Whole numbers as the listpack's integers; others by their bits, behind a mark.
    private static ReadOnlySpan<byte> TextOf(double score, Span<byte> target)
    {
        if (Math.Abs(score) <= WholeMax && score == Math.Truncate(score)) // 0 for -0, as in Redis
        {
            ((long)score).TryFormat(target, out int written, default, CultureInfo.InvariantCulture);
            return target[..written];
        }

        target[0] = FractionMark;
        BinaryPrimitives.WriteDoubleLittleEndian(target[1..], score);
        return target[..FractionBytes];
    }

    private static byte[] ItemOf(ReadOnlySpan<byte> member, double score)
    {
        byte[] item = GC.AllocateUninitializedArray<byte>(ScoreTree.MemberStart + member.Length);
        BinaryPrimitives.WriteDoubleLittleEndian(item, score);
        member.CopyTo(item.AsSpan(ScoreTree.MemberStart));
        return item;
    }

    private static ReadOnlySpan<byte> MemberOf(byte[] item) => item.AsSpan(ScoreTree.MemberStart);

    /// <summary>Walks over members in order; the set must not change meanwhile.</summary>
    public ref struct ScoredCursor
    {
        private readonly SortedSetValue set;
        private readonly bool backward;
        private readonly Span<byte> scratch;
        private ScoreNode? leaf;
        private int at;
        private bool isBegun;

        internal ScoredCursor(SortedSetValue set, int rank, bool backward, Span<byte> scratch)
        {
            (this.set, this.backward) = (set, backward);
            this.scratch = scratch;
            if (set.tree is not null) leaf = set.tree.Seek(rank, out at);
            else at = set.small.Seek(rank * 2);
        }

        public readonly ReadOnlySpan<byte> Member => leaf is null ? set.small.Get(at, scratch) : MemberOf(leaf.Items[at]);

        public readonly double Score => leaf?.Scores[at] ?? set.ScoreAt(set.small.Next(at));

        public bool MoveNext()
        {
            if (set is null) return false;
            if (!isBegun)
            {
                isBegun = true;
                return at >= 0;
            }

            return set.tree is null ? MoveCompact() : MoveInTree();
        }

        private bool MoveCompact()
        {
            if (backward)
            {
                at = set.small.Previous(at);
                if (at >= 0) at = set.small.Previous(at);
                return at >= 0;
            }

            at = set.small.Next(set.small.Next(at));
            return at >= 0;
        }

        private bool MoveInTree()
        {
            at += backward ? -1 : 1;
            if (at >= 0 && at < leaf!.Count) return true;
            do leaf = backward ? leaf!.Previous : leaf!.Next;
            while (leaf is { Count: 0 });
            if (leaf is null) return false;
            at = backward ? leaf.Count - 1 : 0;
            return true;
        }
    }
}
