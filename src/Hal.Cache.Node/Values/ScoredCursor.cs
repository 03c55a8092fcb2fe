namespace Hal.Cache.Node.Values;

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
        if (set.Tree is not null) leaf = set.Tree.Seek(rank, out at);
        else at = set.Compact.Seek(rank * 2);
    }

    public readonly ReadOnlySpan<byte> Member => leaf is null ? set.Compact.Get(at, scratch) : SortedSetValue.MemberOf(leaf.Items[at]);

    public readonly double Score => leaf?.Scores[at] ?? set.ScoreAt(set.Compact.Next(at));

    public bool MoveNext()
    {
        if (set is null) return false;
        if (!isBegun)
        {
            isBegun = true;
            return at >= 0;
        }

        return set.Tree is null ? MoveCompact() : MoveInTree();
    }

    private bool MoveCompact()
    {
        if (backward)
        {
            at = set.Compact.Previous(at);
            if (at >= 0) at = set.Compact.Previous(at);
            return at >= 0;
        }

        at = set.Compact.Next(set.Compact.Next(at));
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
