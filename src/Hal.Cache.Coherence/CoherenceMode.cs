namespace Hal.Cache.Coherence;

/// <summary>What a holder does while it is cut off from the authority.</summary>
public enum CoherenceMode
{
    /// <summary>It answers for mutable keys only while its lease runs.</summary>
    Strict,

    /// <summary>It goes on serving its copies, for at most <see cref="CoherenceOptions.MaxStale"/>: reads may be older than acknowledged writes.</summary>
    Available,
}
