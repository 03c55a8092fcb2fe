namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>An instance's load at one moment; totals count from the start of its epoch.</summary>
public sealed record InstanceLoad
{
    public long Keys { get; init; }

    public long MemoryBytes { get; init; }

    public long DiskBytes { get; init; }

    /// <summary>Bytes that peers have asked for and not yet been sent: the queue that a new fetch joins.</summary>
    public long QueuedBytes { get; init; }

    /// <summary>Fetches being served to peers.</summary>
    public int PeerFetches { get; init; }

    public int Clients { get; init; }

    /// <summary>Bytes that are kept from eviction by pins.</summary>
    public long PinnedBytes { get; init; }

    public long HitsTotal { get; init; }

    public long MissesTotal { get; init; }

    public long EvictionsTotal { get; init; }

    /// <summary>Bytes read from origins.</summary>
    public long OriginBytesTotal { get; init; }

    /// <summary>Bytes sent to clients.</summary>
    public long ClientBytesTotal { get; init; }
}
