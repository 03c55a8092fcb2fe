namespace Hal.Cache.Node.Values;

/// <summary>Walks over elements; the list must not change meanwhile.</summary>
public ref struct ListItemCursor
{
    private readonly bool backward;
    private readonly Span<byte> scratch;
    private ListNode? node;
    private int at;
    private bool isBegun;

    internal ListItemCursor(ListNode node, int index, bool backward, Span<byte> scratch)
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
