using Hal.Cache.Node.Values;

namespace Hal.Cache.Gateway.Collections;

/// <summary>A range of strings: '[' or '(' before an end that is in or out, '-' and '+' for the lowest and the highest.</summary>
internal readonly ref struct LexRange
{
    private readonly ReadOnlySpan<byte> min;
    private readonly ReadOnlySpan<byte> max;

    private LexRange(ReadOnlySpan<byte> min, ReadOnlySpan<byte> max)
    {
        this.min = min;
        this.max = max;
    }

    public static bool TryParse(ReadOnlySpan<byte> min, ReadOnlySpan<byte> max, out LexRange range)
    {
        range = new(min, max);
        return IsEnd(min) && IsEnd(max);
    }

    /// <summary>The first rank of the range and the one behind its last.</summary>
    public (int From, int To) Ranks(SortedSetValue set)
    {
        if (min[0] == (byte)'+' || max[0] == (byte)'-' || set.Count == 0) return (0, 0);

        // Where members have several scores the order is not by strings; Redis then asks the first and the last of all.
        Span<byte> scratch = stackalloc byte[Listpack.ScratchBytes];
        if (!IsAboveMin(Ends(set, set.Count - 1, scratch)) || !IsBelowMax(Ends(set, 0, scratch))) return (0, 0);
        int from = min[0] == (byte)'-' ? 0 : set.CountBehind(new MemberBound(min[1..], behind: min[0] == (byte)'('));
        int to = max[0] == (byte)'+' ? set.Count : set.CountBehind(new MemberBound(max[1..], behind: max[0] == (byte)'['));
        return (from, Math.Max(from, to));
    }

    private static ReadOnlySpan<byte> Ends(SortedSetValue set, int rank, Span<byte> scratch)
    {
        ScoredCursor item = set.Items(rank, false, scratch);
        return item.MoveNext() ? item.Member : default;
    }

    private bool IsAboveMin(ReadOnlySpan<byte> member) =>
        min[0] == (byte)'-' || member.SequenceCompareTo(min[1..]) is var order && (min[0] == (byte)'(' ? order > 0 : order >= 0);

    private bool IsBelowMax(ReadOnlySpan<byte> member) =>
        max[0] == (byte)'+' || member.SequenceCompareTo(max[1..]) is var order && (max[0] == (byte)'(' ? order < 0 : order <= 0);

    private static bool IsEnd(ReadOnlySpan<byte> text) =>
        text.Length > 0 && (text[0] is (byte)'(' or (byte)'[' || (text.Length == 1 && text[0] is (byte)'-' or (byte)'+'));
}
