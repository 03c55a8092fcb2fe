namespace Hal.Cache.Node.Values;

/// <summary>The place before, or behind, all members with a score.</summary>
public readonly record struct ScoreBound(double Score, bool Behind) : IScoreBound
{
    public bool IsBehind(double score, scoped ReadOnlySpan<byte> member) => Behind ? score <= Score : score < Score;
}
