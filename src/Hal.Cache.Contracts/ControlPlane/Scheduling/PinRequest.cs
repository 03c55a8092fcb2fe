namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>Keys to keep at an instance.</summary>
public sealed record PinRequest
{
    public required string Instance { get; init; }

    public required KeySelection Selection { get; init; }

    /// <summary>Null: until unpinned, or its batch ends.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>A batch that runs, with which the pin ends; null: none.</summary>
    public string? Batch { get; init; }
}
