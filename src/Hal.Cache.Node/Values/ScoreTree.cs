namespace Hal.Cache.Node.Values;

/// <summary>
/// Items in the order of score and member: a B+ tree that counts what is below each child, so that ranks and places are found in
/// O(log n). An item is an array with the score in its first 8 bytes and the member behind.
/// </summary>
internal sealed class ScoreTree
{
    public const int MemberStart = sizeof(double);
    private const int MergedMax = ScoreNode.Capacity * 3 / 4;
    private ScoreNode root = new(isLeaf: true);

    public int Count { get; private set; }

    public long MemoryBytes { get; private set; } = ScoreNode.LeafBytes;

    public void Insert(double score, byte[] item)
    {
        Count++;
        if (Insert(root, score, item) is not { } right) return;
        var top = new ScoreNode(isLeaf: false);
        MemoryBytes += ScoreNode.InnerBytes;
        top.Insert(0, root.Scores[0], root.Items[0], root);
        top.Insert(1, right.Scores[0], right.Items[0], right);
        root = top;
    }

    /// <summary>Removes an item, which is there.</summary>
    public void Remove(double score, ReadOnlySpan<byte> member) => RemoveAt(CountBehind(new ItemBound(score, member)));

    /// <summary>Removes the item of a rank, which exists.</summary>
    public void RemoveAt(int rank)
    {
        Remove(root, rank);
        Count--;
        while (root.Children is not null && root.Count == 1)
        {
            root = root.Children[0];
            MemoryBytes -= ScoreNode.InnerBytes;
        }
    }

    /// <summary>Number of items before a place.</summary>
    public int CountBehind<T>(T bound)
        where T : IScoreBound, allows ref struct
    {
        ScoreNode node = root;
        int count = 0;
        while (node.Children is not null)
        {
            int at = Math.Max(0, Place(node, bound) - 1);
            for (int i = 0; i < at; i++) count += node.Sizes![i];
            node = node.Children[at];
        }

        return count + Place(node, bound);
    }

    /// <summary>The leaf and the place in it of a rank, which exists.</summary>
    public ScoreNode Seek(int rank, out int at)
    {
        ScoreNode node = root;
        while (node.Children is not null)
        {
            int child = 0;
            while (rank >= node.Sizes![child]) rank -= node.Sizes[child++];
            node = node.Children[child];
        }

        at = rank;
        return node;
    }

    // The number of entries of a node that are before the place.
    private static int Place<T>(ScoreNode node, T bound)
        where T : IScoreBound, allows ref struct
    {
        int low = 0, high = node.Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (bound.IsBehind(node.Scores[middle], node.Items[middle].AsSpan(MemberStart))) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    // The new right neighbour where the node had to be split.
    private ScoreNode? Insert(ScoreNode node, double score, byte[] item)
    {
        int at = Place(node, new ItemBound(score, item.AsSpan(MemberStart)));
        ScoreNode? child = null;
        if (node.Children is not null)
        {
            at = Math.Max(0, at - 1);
            child = Insert(node.Children[at], score, item);
            node.Sizes![at] = child is null ? node.Sizes[at] + 1 : node.Children[at].Size;
            if (at == 0) (node.Scores[0], node.Items[0]) = (node.Children[0].Scores[0], node.Children[0].Items[0]);
            if (child is null) return null;
            (score, item) = (child.Scores[0], child.Items[0]);
            at++;
        }

        if (node.Count < ScoreNode.Capacity)
        {
            node.Insert(at, score, item, child);
            return null;
        }

        // At the right end the new node begins with one entry: what comes in order fills the nodes.
        var right = new ScoreNode(node.Children is null);
        MemoryBytes += node.Children is null ? ScoreNode.LeafBytes : ScoreNode.InnerBytes;
        int half = at == ScoreNode.Capacity && node.Next is null ? ScoreNode.Capacity : ScoreNode.Capacity / 2;
        node.MoveTo(right, half);
        if (at > half || half == ScoreNode.Capacity) right.Insert(at - half, score, item, child);
        else node.Insert(at, score, item, child);
        if (node.Next is { } next) next.Previous = right;
        (right.Next, right.Previous, node.Next) = (node.Next, node, right);
        return right;
    }

    private void Remove(ScoreNode node, int rank)
    {
        if (node.Children is null)
        {
            node.Remove(rank);
            return;
        }

        int at = 0;
        while (rank >= node.Sizes![at]) rank -= node.Sizes[at++];
        Remove(node.Children[at], rank);
        node.Sizes[at]--;
        int left = at > 0 ? at - 1 : 0;
        if (node.Count > 1 && node.Children[left].Count + node.Children[left + 1].Count <= MergedMax) Merge(node, left);
        else if (at + 1 < node.Count && node.Children[at].Count + node.Children[at + 1].Count <= MergedMax) Merge(node, at);
    }

    private void Merge(ScoreNode node, int left)
    {
        ScoreNode target = node.Children![left], source = node.Children[left + 1];
        if (target.Count == 0) (target.Scores[0], target.Items[0]) = (source.Scores[0], source.Items[0]);
        source.MoveTo(target, 0);
        node.Sizes![left] += node.Sizes[left + 1];
        node.Remove(left + 1);
        target.Next = source.Next;
        if (source.Next is { } next) next.Previous = target;
        MemoryBytes -= source.Children is null ? ScoreNode.LeafBytes : ScoreNode.InnerBytes;
    }
}
