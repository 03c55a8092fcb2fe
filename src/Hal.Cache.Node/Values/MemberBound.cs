namespace Hal.Cache.Node.Values;

/// <summary>The place before, or behind, a string in a set whose members all have one score.</summary>
public readonly ref struct MemberBound(ReadOnlySpan<byte> value, bool behind) : IScoreBound
{
    private readonly ReadOnlySpan<byte> value = value;

    public bool IsBehind(double score, scoped ReadOnlySpan<byte> member)
    {
        int order = member.SequenceCompareTo(value);
        return behind ? order <= 0 : order < 0;
    }
}
