using Hal.Cache.Node.Values;

namespace Hal.Cache.Gateway.Collections;

/// <summary>A set or sorted set with a weight that its scores are multiplied by; a set's members have the score 1.</summary>
internal sealed class ScoreSource(SortedSetValue? scored, SetValue? plain)
{
    public double Weight { get; set; } = 1;

    public int Count => scored?.Count ?? plain?.Count ?? 0;

    public bool TryGet(ReadOnlySpan<byte> member, out double score)
    {
        score = 1;
        if (scored is not null) return scored.TryGetScore(member, out score);
        return plain is not null && plain.Contains(member);
    }

    /// <summary>Goes through all members until it is told to stop.</summary>
    public void Each(ScoreVisitor visit)
    {
        Span<byte> scratch = stackalloc byte[Listpack.ScratchBytes];
        if (scored is not null)
        {
            ScoredCursor items = scored.Items(0, false, scratch);
            while (items.MoveNext() && visit(items.Member, items.Score));
            return;
        }

        if (plain is null) return;
        SetValue.MemberCursor members = plain.Members(scratch);
        while (members.MoveNext() && visit(members.Current, 1));
    }

    public double Weighted(double score)
    {
        double value = score * Weight;
        return double.IsNaN(value) ? 0 : value;
    }
}
