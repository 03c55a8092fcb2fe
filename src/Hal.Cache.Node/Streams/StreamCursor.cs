using Hal.Cache.Node.Values;

namespace Hal.Cache.Node.Streams;

/// <summary>Walks over the entries between two IDs, both inclusive, in either direction; the stream must not change meanwhile.</summary>
public ref struct StreamCursor
{
    /// <summary>Scratch space: two integers' texts.</summary>
    public const int ScratchBytes = 2 * Listpack.ScratchBytes;

    private readonly IdMap<StreamNode> nodes;
    private readonly StreamId low;
    private readonly StreamId high;
    private readonly bool backward;
    private readonly Span<byte> scratch;
    private IdPosition position;
    private StreamNode? node;
    private int at;
    private int dataAt;
    private int fieldAt;
    private long fieldsLeft;
    private bool isSame;

    internal StreamCursor(IdMap<StreamNode> nodes, StreamId low, StreamId high, bool backward, Span<byte> scratch)
    {
        (this.nodes, this.low, this.high, this.backward) = (nodes, low, high, backward);
        this.scratch = scratch;


        // The node whose first entry is the last one below the range may reach into it.
        position = backward ? nodes.Behind(high) : nodes.BeforeFloor(low);
    }

    public StreamId Id { get; private set; }

    /// <summary>Number of fields of the entry.</summary>
    public int FieldCount { get; private set; }

    internal readonly StreamNode Node => node!;

    /// <summary>Position of the entry in its node.</summary>
    internal readonly int At => at;

    /// <summary>Moves to the next entry that is not deleted.</summary>
    public bool MoveNext()
    {
        while (low <= high)
        {
            if (node is not null) at = backward ? node.PreviousEntry(at) : node.NextEntry(at);
            while (node is null || at < 0)
            {
                if (!(backward ? nodes.TryPrevious(ref position, out _, out node) : nodes.TryNext(ref position, out _, out node))) return false;
                at = backward ? node.LastEntry() : node.FirstEntry();
            }

            Id = node.IdAt(at);
            if (backward ? Id < low : Id > high) return false;
            long flags = node.Number(at);
            if ((flags & StreamNode.Deleted) != 0 || (backward ? Id > high : Id < low)) continue;
            Open(flags);
            return true;
        }

        return false;
    }

    /// <summary>The entry's next field and value.</summary>
    public bool MoveNextField(out ReadOnlySpan<byte> field, out ReadOnlySpan<byte> value)
    {
        field = value = default;
        if (fieldsLeft == 0) return false;
        fieldsLeft--;
        Listpack items = node!.Items;
        if (isSame)
        {
            fieldAt = items.Next(fieldAt);
            field = items.Get(fieldAt, scratch);
        }
        else
        {
            field = items.Get(dataAt, scratch);
            dataAt = items.Next(dataAt);
        }

        value = items.Get(dataAt, scratch[Listpack.ScratchBytes..]);
        dataAt = items.Next(dataAt);
        return true;
    }

    private void Open(long flags)
    {
        Listpack items = node!.Items;
        isSame = (flags & StreamNode.SameFields) != 0;
        fieldAt = node.FieldsAt;
        dataAt = items.Next(items.Next(items.Next(at)));
        fieldsLeft = node.Number(isSame ? fieldAt : dataAt);
        if (!isSame) dataAt = items.Next(dataAt);
        FieldCount = (int)fieldsLeft;
    }
}
