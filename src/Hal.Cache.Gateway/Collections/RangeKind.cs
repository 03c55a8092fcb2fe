namespace Hal.Cache.Gateway.Collections;

/// <summary>By what a range of a sorted set is given.</summary>
internal enum RangeKind
{
    Rank,
    Score,
    Lex,
}
