namespace Hal.Cache.Coherence;

/// <summary>What became of a read that found no servable copy.</summary>
public enum ReadStart
{
    /// <summary>A flight was opened for it.</summary>
    Opened,

    /// <summary>It waits for a flight under way.</summary>
    Joined,

    /// <summary>A named limit is reached; nothing waits.</summary>
    Busy,
}
