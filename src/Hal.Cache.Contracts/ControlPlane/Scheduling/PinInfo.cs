namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>A pin.</summary>
public sealed record PinInfo
{
    public required string Pin { get; init; }

    public required PinRequest Request { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
}
