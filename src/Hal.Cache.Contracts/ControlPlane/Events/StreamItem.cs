namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>An event with its position, or a notice to the subscriber.</summary>
public sealed record StreamItem
{
    /// <summary>Identity of the log: a new one after the control plane's restart.</summary>
    public required string LogId { get; init; }

    /// <summary>Rises by one with each event in the log; resume with the last one seen.</summary>
    public required long Position { get; init; }

    public ChangeEvent? Event { get; init; }

    public StreamNotice? Notice { get; init; }
}
