using System.Buffers.Binary;
using Hal.Cache.Node.Streams;

namespace Hal.Cache.Gateway.Streams;

/// <summary>
/// How many nodes Redis's radix tree would have for a stream's IDs of 16 bytes, since XINFO tells that: runs of bytes without a branch are one node, as are
/// branches and ends.
/// </summary>
internal static class RadixTree
{
    private const int KeyBytes = 16;

    public static long NodesOf(IdMap<StreamNode> nodes)
    {
        // Between neighbours in order, the common prefixes tell where branches are: a stack of those that are open.
        Span<byte> key = stackalloc byte[KeyBytes], before = stackalloc byte[KeyBytes];
        Span<int> branches = stackalloc int[KeyBytes + 1];
        int open = 0, previousCommon = -1;
        long count = 1; // of no keys: the root
        IdPosition at = nodes.Start;
        bool isFirst = true;
        while (nodes.TryNext(ref at, out StreamId id, out _))
        {
            BinaryPrimitives.WriteUInt64BigEndian(key, id.Ms);
            BinaryPrimitives.WriteUInt64BigEndian(key[sizeof(ulong)..], id.Seq);
            if (isFirst)
            {
                count = 0;
            }
            else
            {
                int common = before.CommonPrefixLength(key);
                count += End(Math.Max(previousCommon, common));
                while (open > 0 && branches[open - 1] > common) count += Branch(branches, ref open, common);
                if (open == 0 || branches[open - 1] < common) branches[open++] = common;
                previousCommon = common;
            }

            isFirst = false;
            key.CopyTo(before);
        }

        if (isFirst) return count;
        count += End(previousCommon);
        while (open > 0) count += Branch(branches, ref open, -1);
        return count;
    }

    // A leaf, and the run of bytes behind its branch, which takes one byte.
    private static int End(int branch) => branch + 1 < KeyBytes ? 2 : 1;

    // A branch that ends, and the run of bytes before it from the one above.
    private static int Branch(Span<int> branches, ref int open, int common)
    {
        int depth = branches[--open], above = open > 0 ? Math.Max(branches[open - 1], common) : common;
        return depth > above + 1 ? 2 : 1;
    }
}
