using System.Buffers;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Node.Values;

/// <summary>
/// A list: linked nodes of listpacks, one node while it is small, so that both ends are O(1) and an index costs a step for each node.
/// Not thread-safe: its shard's lock guards it.
/// </summary>
public sealed class ListValue(CollectionLimits limits) : ICollectionValue
{
    private const int Overhead = 72;
    private const int NodeBytesMax = 8 << 10; // for nodes that are limited by their number of elements, as in Redis
    private const int SingleBytes = 8; // an element's header in Redis's estimate
    private ListNode head = new(Listpack.New());
    private ListNode? tailNode;
    private long nodeBytes = ListNode.Overhead + 56;

    public BlobType Type => BlobType.List;

    public bool IsEmpty => Count == 0;

    public bool IsPackable => IsCompact && head.Next is null;

    public long MemoryBytes => Overhead + nodeBytes;

    public long Count { get; private set; }

    /// <summary>True while the encoding is one listpack.</summary>
    public bool IsCompact { get; private set; } = true;

    private ListNode Tail => tailNode ?? head;

    /// <summary>
    /// Told before elements are added or put in place, with what they are long together: a list that would not fit one node becomes a chain, even where its
    /// encoding would have fitted, as Redis estimates it.
    /// </summary>
    public void ExpectGrowth(long bytes, int count)
    {
        if (IsCompact && !FitsNode(head.Items.Bytes + bytes, head.Count + count)) IsCompact = false;
    }

    public void PushHead(ReadOnlySpan<byte> value, ChangeLog? log)
    {
        log?.Add(ChangeKind.PushHead, value);
        if (!HasRoom(head, value)) InsertNode(null, new ListNode(Listpack.New(64)));
        long before = head.Items.MemoryBytes;
        head.Items.Insert(head.Count == 0 ? head.Items.EndPosition : head.Items.First, value);
        Added(head, before);
    }

    public void PushTail(ReadOnlySpan<byte> value, ChangeLog? log)
    {
        log?.Add(ChangeKind.PushTail, value);
        ListNode tail = Tail;
        if (!HasRoom(tail, value)) tail = InsertNode(tail, new ListNode(Listpack.New(64)));
        long before = tail.Items.MemoryBytes;
        tail.Items.Append(value);
        Added(tail, before);
    }

    /// <summary>Removes elements from the head, at most all.</summary>
    public void PopHead(long count, ChangeLog? log)
    {
        count = Math.Min(count, Count);
        if (count == 0) return;
        log?.Add(ChangeKind.PopHead, count);
        while (count > 0)
        {
            int some = (int)Math.Min(count, head.Count);
            RemoveFrom(head, 0, some);
            count -= some;
        }

        Shrunk();
    }

    /// <summary>Removes elements from the tail, at most all.</summary>
    public void PopTail(long count, ChangeLog? log)
    {
        count = Math.Min(count, Count);
        if (count == 0) return;
        log?.Add(ChangeKind.PopTail, count);
        while (count > 0)
        {
            ListNode tail = Tail;
            int some = (int)Math.Min(count, tail.Count);
            RemoveFrom(tail, tail.Count - some, some);
            count -= some;
        }

        Shrunk();
    }

    /// <summary>The element of an index, which exists; an integer's text is in the scratch space.</summary>
    public ReadOnlySpan<byte> Get(long index, Span<byte> scratch)
    {
        ListNode node = Find(index, out int at);
        return node.Items.Get(node.Items.Seek(at), scratch);
    }

    /// <summary>Puts an element in the place of another, which exists.</summary>
    public void Replace(long index, ReadOnlySpan<byte> value, ChangeLog? log)
    {
        log?.Add(ChangeKind.Replace, index, value);
        ListNode node = Find(index, out int at);
        long before = node.Items.MemoryBytes;
        int position = node.Items.Seek(at);
        node.Items.Replace(position, value);
        nodeBytes += node.Items.MemoryBytes - before;
        if (!IsCompact && node.Count > 1 && !FitsNode(node.Items.Bytes, node.Count)) Isolate(node, at);
        Shrunk();
    }

    /// <summary>Puts an element before an index, which exists or is the end.</summary>
    public void Insert(long index, ReadOnlySpan<byte> value, ChangeLog? log)
    {
        if (index == Count)
        {
            PushTail(value, log);
            return;
        }

        log?.Add(ChangeKind.Insert, index, value);
        ListNode node = Find(index, out int at);
        if (!HasRoom(node, value))
        {
            // At a node's border its neighbour may have room; in the middle the node is split.
            if (at == 0 && node.Previous is { } previous && HasRoom(previous, value)) (node, at) = (previous, previous.Count);
            else if (at == 0) (node, at) = (InsertNode(node.Previous, new ListNode(Listpack.New(64))), 0);
            else
            {
                ListNode rest = Split(node, at);
                if (HasRoom(node, value)) at = node.Count;
                else if (HasRoom(rest, value)) (node, at) = (rest, 0);
                else (node, at) = (InsertNode(node, new ListNode(Listpack.New(64))), 0);
            }
        }

        long before = node.Items.MemoryBytes;
        node.Items.Insert(at == node.Count ? node.Items.EndPosition : node.Items.Seek(at), value);
        Added(node, before);
    }

    /// <summary>Removes the element of an index, which exists.</summary>
    public void RemoveAt(long index, ChangeLog? log)
    {
        log?.Add(ChangeKind.RemoveAt, index);
        ListNode node = Find(index, out int at);
        RemoveFrom(node, at, 1);
        Shrunk();
    }

    /// <summary>
    /// Removes elements that are equal to a value: at most so many (0: all), from the head, or from the tail where the number is negative; gives how many
    /// went.
    /// </summary>
    public long RemoveEqual(ReadOnlySpan<byte> value, long count, ChangeLog? log)
    {
        bool fromTail = count < 0;
        long left = count == 0 ? long.MaxValue : count == long.MinValue ? long.MaxValue : Math.Abs(count), removed = 0;
        long index = fromTail ? Count - 1 : 0;
        for (ListNode? node = fromTail ? Tail : head; node is not null && left > 0;)
        {
            ListNode? next = fromTail ? node.Previous : node.Next;
            int at = fromTail ? node.Items.Last : node.Items.First, within = fromTail ? node.Count - 1 : 0;
            while (at >= 0 && left > 0)
            {
                if (!node.Items.IsEqual(at, value))
                {
                    at = fromTail ? node.Items.Previous(at) : node.Items.Next(at);
                    within += fromTail ? -1 : 1;
                    index += fromTail ? -1 : 1;
                    continue;
                }

                log?.Add(ChangeKind.RemoveAt, index);
                bool wasOnly = node.Count == 1;
                RemoveFrom(node, within, 1);
                removed++;
                left--;
                if (fromTail)
                {
                    within--;
                    index--;
                }

                at = wasOnly || within < 0 || within >= node.Count ? -1 : node.Items.Seek(within);
            }

            node = next;
        }

        if (removed > 0) Shrunk();
        return removed;
    }

    /// <summary>The elements from an index on, which exists, towards the tail or, backward, towards the head.</summary>
    public ItemCursor Items(long index, bool backward, Span<byte> scratch)
    {
        if (Count == 0) return default;
        ListNode node = Find(index, out int at);
        return new ItemCursor(node, at, backward, scratch);
    }

    /// <summary>The listpacks, from the head to the tail.</summary>
    public IEnumerable<Listpack> Nodes()
    {
        for (ListNode? node = head; node is not null; node = node.Next) yield return node.Items;
    }

    /// <summary>Puts a listpack behind the last, for payloads; false where it is empty.</summary>
    public bool TryAppendNode(in Listpack items)
    {
        int count = items.Count;
        if (count == 0) return false;
        if (Count == 0)
        {
            nodeBytes += items.MemoryBytes - head.Items.MemoryBytes;
            head.Items = items;
            head.Count = count;
            Count = count;
            IsCompact = false;
            return true;
        }

        IsCompact = false;
        InsertNode(Tail, new ListNode(items));
        Count += count;
        return true;
    }

    /// <summary>Ends a number of <see cref="TryAppendNode"/>: a list that fits one node becomes it.</summary>
    public void Compacted() => Shrink(1);

    public void Write(IBufferWriter<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        int nodes = 0;
        for (ListNode? node = head; node is not null; node = node.Next) nodes++;
        BlobFormat.WriteHeader(destination, IsCompact ? BlobFormat.Compact : BlobFormat.Table, nodes);
        for (ListNode? node = head; node is not null; node = node.Next) BlobFormat.WriteBytes(destination, node.Items.Span);
    }

    public bool TryApply(ReadOnlySpan<byte> change)
    {
        var reader = new ChangeReader(change);
        while (!reader.IsEnd)
        {
            if (!reader.TryByte(out byte kind) || !TryApply((ChangeKind)kind, ref reader)) return false;
        }

        return true;
    }

    internal static ListValue? Read(CollectionLimits limits, ReadOnlySpan<byte> blob)
    {
        var reader = new ChangeReader(blob);
        if (!BlobFormat.TryHeader(ref reader, out byte encoding, out long nodes)) return null;
        var list = new ListValue(limits);
        for (; nodes > 0; nodes--)
        {
            if (!reader.TryBytes(out ReadOnlySpan<byte> bytes) || !Listpack.TryRead(bytes, out Listpack items)) return null;
            list.TryAppendNode(items);
        }

        list.IsCompact = encoding == BlobFormat.Compact;
        return list;
    }

    private bool TryApply(ChangeKind kind, ref ChangeReader reader)
    {
        ReadOnlySpan<byte> value = default;
        long number = 0;
        bool hasNumber = kind is not (ChangeKind.PushHead or ChangeKind.PushTail);
        bool hasValue = kind is not (ChangeKind.PopHead or ChangeKind.PopTail or ChangeKind.RemoveAt);
        if ((hasNumber && !reader.TryNumber(out number)) || (hasValue && !reader.TryBytes(out value)) || number < 0) return false;
        if (hasValue) ExpectGrowth(value.Length, 1);
        switch (kind)
        {
            case ChangeKind.PushHead:
                PushHead(value, null);
                return true;
            case ChangeKind.PushTail:
                PushTail(value, null);
                return true;
            case ChangeKind.PopHead when number <= Count:
                PopHead(number, null);
                return true;
            case ChangeKind.PopTail when number <= Count:
                PopTail(number, null);
                return true;
            case ChangeKind.Replace when number < Count:
                Replace(number, value, null);
                return true;
            case ChangeKind.Insert when number <= Count:
                Insert(number, value, null);
                return true;
            case ChangeKind.RemoveAt when number < Count:
                RemoveAt(number, null);
                return true;
            default:
                return false;
        }
    }

    // Half of what a node may hold, so that a list at the border does not change its encoding all the time.
    private void Shrunk() => Shrink(2);

    private void Shrink(int part)
    {
        if (IsCompact || head.Next is not null) return;
        int size = limits.ListNodeSize;
        if (size >= 0 ? head.Count <= Math.Max(1, size) / part : head.Items.Bytes <= NodeBytes(size) / part) IsCompact = true;
    }

    private bool HasRoom(ListNode node, ReadOnlySpan<byte> value)
    {
        if (node.Count == 0 || IsCompact) return true;
        int size = limits.ListNodeSize, bytes = node.Items.Bytes + value.Length + SingleBytes;
        return size >= 0 ? node.Count < Math.Max(1, size) && bytes <= NodeBytesMax : bytes <= NodeBytes(size);
    }

    private bool FitsNode(long bytes, long count)
    {
        int size = limits.ListNodeSize;
        return size >= 0 ? count <= Math.Max(1, size) && bytes <= NodeBytesMax : bytes <= NodeBytes(size);
    }

    private static int NodeBytes(int size) => 4096 << (Math.Clamp(-size, 1, 5) - 1);

    private void Added(ListNode node, long before)
    {
        nodeBytes += node.Items.MemoryBytes - before;
        node.Count++;
        Count++;
    }

    private ListNode Find(long index, out int at)
    {
        if (index <= Count / 2)
        {
            ListNode node = head;
            while (index >= node.Count)
            {
                index -= node.Count;
                node = node.Next!;
            }

            at = (int)index;
            return node;
        }

        ListNode last = Tail;
        long behind = Count - index; // 1 for the last
        while (behind > last.Count)
        {
            behind -= last.Count;
            last = last.Previous!;
        }

        at = last.Count - (int)behind;
        return last;
    }

    private ListNode InsertNode(ListNode? after, ListNode node)
    {
        nodeBytes += ListNode.Overhead + node.Items.MemoryBytes;
        ListNode? next = after is null ? head : after.Next;
        (node.Previous, node.Next) = (after, next);
        if (after is null) head = node;
        else after.Next = node;
        if (next is not null) next.Previous = node;
        if (after is null) tailNode ??= next;
        else if (next is null) tailNode = node;
        return node;
    }

    private void RemoveFrom(ListNode node, int at, int count)
    {
        Count -= count;
        if (count == node.Count && node.Next is null && node.Previous is null)
        {
            nodeBytes -= node.Items.MemoryBytes;
            node.Items = Listpack.New();
            nodeBytes += node.Items.MemoryBytes;
            node.Count = 0;
            return;
        }

        if (count == node.Count)
        {
            nodeBytes -= ListNode.Overhead + node.Items.MemoryBytes;
            if (node.Previous is { } previous) previous.Next = node.Next;
            else head = node.Next!;
            if (node.Next is { } next) next.Previous = node.Previous;
            else tailNode = node.Previous;
            if (head.Next is null) tailNode = null;
            return;
        }

        long before = node.Items.MemoryBytes;
        node.Items.Remove(node.Items.Seek(at), count);
        node.Count -= count;
        nodeBytes += node.Items.MemoryBytes - before;
    }

    private ListNode Split(ListNode node, int at)
    {
        long before = node.Items.MemoryBytes;
        var rest = new ListNode(node.Items.SplitAt(node.Items.Seek(at)));
        node.Count -= rest.Count;
        nodeBytes += node.Items.MemoryBytes - before;
        return InsertNode(node, rest);
    }

    // An element that made its node too long gets one of its own.
    private void Isolate(ListNode node, int at)
    {
        IsCompact = false;
        if (at + 1 < node.Count) Split(node, at + 1);
        if (at > 0) Split(node, at);
    }

    /// <summary>Walks over elements; the list must not change meanwhile.</summary>
    public ref struct ItemCursor
    {
        private readonly bool backward;
        private readonly Span<byte> scratch;
        private ListNode? node;
        private int at;
        private bool isBegun;

        internal ItemCursor(ListNode node, int index, bool backward, Span<byte> scratch)
        {
            (this.node, this.backward) = (node, backward);
            this.scratch = scratch;
            at = node.Items.Seek(index);
        }

        public readonly ReadOnlySpan<byte> Current => node!.Items.Get(at, scratch);

        /// <summary>Whether the element is the same string.</summary>
        public readonly bool IsEqual(ReadOnlySpan<byte> value) => node!.Items.IsEqual(at, value);

        public bool MoveNext()
        {
            if (node is null) return false;
            if (!isBegun)
            {
                isBegun = true;
                return true;
            }

            at = backward ? node.Items.Previous(at) : node.Items.Next(at);
            if (at >= 0) return true;
            node = backward ? node.Previous : node.Next;
            if (node is null) return false;
            at = backward ? node.Items.Last : node.Items.First;
            return true;
        }
    }
}
