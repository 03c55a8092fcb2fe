namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>A source that failed a fetch.</summary>
public sealed record RouteFailure
{
    public required string Source { get; init; }

    public required string Destination { get; init; }

    public required CacheKey Key { get; init; }

    public required RouteFailureReason Reason { get; init; }
}
