using Hal.Cache.Node.Values;

namespace Hal.Cache.Gateway.Collections;

/// <summary>Members with or without their scores: in RESP2 one after the other, in RESP3 in pairs.</summary>
internal static class ScoreReplies
{
    public static void MembersHeader(this CommandContext c, int count, bool withScores) =>
        c.Reply.ArrayHeader(withScores && c.Reply.Protocol == 2 ? count * 2 : count);

    public static void Member(this CommandContext c, ReadOnlySpan<byte> member, double score, bool withScores)
    {
        if (withScores && c.Reply.Protocol == 3) c.Reply.ArrayHeader(2);
        c.Reply.Bulk(member);
        if (withScores) c.Reply.Double(score);
    }

    /// <summary>Writes so many members from a rank on.</summary>
    public static void Members(this CommandContext c, SortedSetValue set, int rank, int count, bool backward, bool withScores)
    {
        c.MembersHeader(count, withScores);
        if (count == 0) return;
        ScoredCursor items = set.Items(rank, backward, stackalloc byte[Listpack.ScratchBytes]);
        for (; count > 0 && items.MoveNext(); count--) c.Member(items.Member, items.Score, withScores);
    }
}
