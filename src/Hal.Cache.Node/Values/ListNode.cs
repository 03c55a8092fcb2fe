namespace Hal.Cache.Node.Values;

/// <summary>A link of a long list: some elements in one listpack.</summary>
internal sealed class ListNode(Listpack items)
{
    /// <summary>Bytes of memory beside the listpack.</summary>
    public const int Overhead = 56;

    public Listpack Items = items;

    /// <summary>Number of elements, as the listpack has it.</summary>
    public int Count = items.Count;

    public ListNode? Next;
    public ListNode? Previous;
}
