namespace Hal.Cache.Node.Values;

/// <summary>A place in the order of scores and members.</summary>
public interface IScoreBound
{
    /// <summary>Whether the member is before the place; true for all before one for which it is true.</summary>
    bool IsBehind(double score, scoped ReadOnlySpan<byte> member);
}
