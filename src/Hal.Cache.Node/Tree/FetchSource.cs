namespace Hal.Cache.Node.Tree;

/// <summary>
/// An instance to fetch from. Those with a rate, in bytes a second as it is expected, may bring parts of one object at the same time, each
/// after its latency; 0 is for one that is asked alone, in its turn.
/// </summary>
public readonly record struct FetchSource(string Name, double BytesPerSecond = 0, double LatencyMs = 0)
{
    /// <summary>Whether it brings parts beside others.</summary>
    public bool Shares => BytesPerSecond > 0;

    /// <summary>
    /// Whether it is asked for what it has, and fetches nothing: every source but those above. Two beside each other that each lack what the other
    /// is thought to have would wait for each other for ever.
    /// </summary>
    public bool IsHeldOnly { get; init; }

    /// <summary>Whether nobody has said that it has the object.</summary>
    public bool IsGuess { get; init; }
}
