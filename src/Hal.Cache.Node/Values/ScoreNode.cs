namespace Hal.Cache.Node.Values;

/// <summary>
/// A node of a <see cref="ScoreTree"/>. A leaf has items in order and is linked with its neighbours; an inner node has children, for each the number
/// of items below and a score and member that is not behind its first item and behind all of its predecessor's.
/// </summary>
internal sealed class ScoreNode
{
    public const int Capacity = 64;
    public const int LeafBytes = 56 + (2 * 24) + (Capacity * 16);
    public const int InnerBytes = 56 + (4 * 24) + (Capacity * 28);

    public ScoreNode(bool isLeaf)
    {
        if (isLeaf) return;
        Children = new ScoreNode[Capacity];
        Sizes = new int[Capacity];
    }

    public double[] Scores { get; } = new double[Capacity];

    public byte[][] Items { get; } = new byte[Capacity][];

    public ScoreNode[]? Children { get; }

    public int[]? Sizes { get; }

    public int Count { get; set; }

    public ScoreNode? Next { get; set; }

    public ScoreNode? Previous { get; set; }

    /// <summary>Number of items in it and below.</summary>
    public int Size
    {
        get
        {
            if (Sizes is null) return Count;
            int size = 0;
            for (int i = 0; i < Count; i++) size += Sizes[i];
            return size;
        }
    }

    /// <summary>Puts an item, or a child that begins with it, at a place.</summary>
    public void Insert(int at, double score, byte[] item, ScoreNode? child = null)
    {
        int behind = Count - at;
        Array.Copy(Scores, at, Scores, at + 1, behind);
        Array.Copy(Items, at, Items, at + 1, behind);
        Scores[at] = score;
        Items[at] = item;
        if (child is not null)
        {
            Array.Copy(Children!, at, Children!, at + 1, behind);
            Array.Copy(Sizes!, at, Sizes!, at + 1, behind);
            Children![at] = child;
            Sizes![at] = child.Size;
        }

        Count++;
    }

    public void Remove(int at, int count = 1)
    {
        int behind = Count - at - count;
        Array.Copy(Scores, at + count, Scores, at, behind);
        Array.Copy(Items, at + count, Items, at, behind);
        Array.Clear(Items, at + behind, count);
        if (Children is not null)
        {
            Array.Copy(Children, at + count, Children, at, behind);
            Array.Copy(Sizes!, at + count, Sizes!, at, behind);
            Array.Clear(Children, at + behind, count);
        }

        Count -= count;
    }

    /// <summary>Moves what is from a place on to the end of another node.</summary>
    public void MoveTo(ScoreNode target, int from)
    {
        int count = Count - from;
        Array.Copy(Scores, from, target.Scores, target.Count, count);
        Array.Copy(Items, from, target.Items, target.Count, count);
        if (Children is not null)
        {
            Array.Copy(Children, from, target.Children!, target.Count, count);
            Array.Copy(Sizes!, from, target.Sizes!, target.Count, count);
        }

        target.Count += count;
        Remove(from, count);
    }
}
