namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>Ranked sources for keys at a destination.</summary>
public interface IRouting
{
    /// <summary>For each key of the request, in its order, every candidate with the terms of its cost, best first, left-out ones last.</summary>
    Task<Result<IReadOnlyList<KeyRoutes>>> RoutesAsync(RouteRequest request, CancellationToken cancellation);

    /// <summary>Notes that a source failed a destination; it costs more for a while.</summary>
    Task<Result<Done>> ReportFailureAsync(RouteFailure failure, CancellationToken cancellation);
}
