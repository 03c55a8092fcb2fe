namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>The answer to a registration or heartbeat.</summary>
public sealed record InstanceLease
{
    public required string Instance { get; init; }

    public required long Epoch { get; init; }

    /// <summary>How long the instance counts as live without another heartbeat, in milliseconds.</summary>
    public required int LeaseMs { get; init; }

    /// <summary>How often to send a heartbeat, in milliseconds.</summary>
    public required int HeartbeatMs { get; init; }

    /// <summary>Sequence of the last change taken.</summary>
    public required long AppliedSequence { get; init; }

    /// <summary>The content map may differ from the instance: compare digests.</summary>
    public bool DigestWanted { get; init; }

    /// <summary>There is prestage work to take.</summary>
    public bool PrestageWaiting { get; init; }

    /// <summary>Rises when the instance's pins change.</summary>
    public long PinsRevision { get; init; }
}
