namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>The answer to a batch.</summary>
public sealed record ReportReply
{
    /// <summary>Sequence of the last change taken; everything up to it need not be sent again.</summary>
    public required long AppliedSequence { get; init; }

    /// <summary>Changes are missing, so that the content map may differ: compare digests.</summary>
    public required bool DigestWanted { get; init; }

    /// <summary>How far the newest timestamp is ahead of the control plane's clock, in milliseconds, where that is over the limit.</summary>
    public long? ClockAheadMs { get; init; }
}
