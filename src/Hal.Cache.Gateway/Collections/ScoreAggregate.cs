namespace Hal.Cache.Gateway.Collections;

/// <summary>How scores of one member are combined.</summary>
internal enum ScoreAggregate
{
    Sum,
    Min,
    Max,
}
