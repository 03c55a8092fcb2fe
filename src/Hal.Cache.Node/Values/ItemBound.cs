namespace Hal.Cache.Node.Values;

/// <summary>The place of a member with a score.</summary>
internal readonly ref struct ItemBound(double at, ReadOnlySpan<byte> value) : IScoreBound
{
    private readonly ReadOnlySpan<byte> value = value;

    public bool IsBehind(double score, scoped ReadOnlySpan<byte> member) => score < at || (score == at && member.SequenceCompareTo(value) < 0);
}
