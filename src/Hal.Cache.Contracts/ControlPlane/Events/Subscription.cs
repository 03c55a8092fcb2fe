namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>What a subscriber wants.</summary>
public sealed record Subscription
{
    /// <summary>Position of the last item seen; null: from now on; 0: everything kept.</summary>
    public long? AfterPosition { get; init; }

    /// <summary>The log that the position is of; another one than the control plane's is answered with a notice.</summary>
    public string? LogId { get; init; }

    /// <summary>Only this instance's events.</summary>
    public string? Instance { get; init; }

    /// <summary>Only events with a key that begins so.</summary>
    public KeyPrefix? Prefix { get; init; }
}
