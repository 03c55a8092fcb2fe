namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>Directed links between instances; actor: topology edge, by its two ends.</summary>
public interface ITopology
{
    /// <summary>Makes or replaces a link's configured figures; durable.</summary>
    Task<Result<Link>> SetLinkAsync(LinkSettings settings, CancellationToken cancellation);

    /// <summary>Removes a link's configured figures; a link between parent and child stays, with defaults.</summary>
    Task<Result<Done>> RemoveLinkAsync(string from, string to, CancellationToken cancellation);

    Task<Result<Page<Link>>> ListLinksAsync(PageRequest page, CancellationToken cancellation);

    /// <summary>Notes round trips and transfers; up to <see cref="ControlPlaneLimits.ObservationsMax"/>, best effort, soft state.</summary>
    Task<Result<Done>> ObserveAsync(IReadOnlyList<LinkObservation> observations, CancellationToken cancellation);

    /// <summary>The cheapest way for <paramref name="bytes"/> bytes. NotFound: an end is unknown, or there is no way.</summary>
    Task<Result<LinkPath>> PathAsync(string from, string to, long bytes, RouteWeights? weights, CancellationToken cancellation);
}
