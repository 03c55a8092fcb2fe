using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Orleans.Roles;

internal sealed class OrleansTopology(Func<ITopology> grain, GrainCalls calls) : ITopology
{
    public Task<Result<Link>> SetLinkAsync(LinkSettings settings, CancellationToken cancellation) =>
        calls.CallAsync(() => grain().SetLinkAsync(settings, cancellation), cancellation);

    public Task<Result<Done>> RemoveLinkAsync(string from, string to, CancellationToken cancellation) =>
        calls.CallAsync(() => grain().RemoveLinkAsync(from, to, cancellation), cancellation);

    public Task<Result<Page<Link>>> ListLinksAsync(PageRequest page, CancellationToken cancellation) =>
        calls.CallAsync(() => grain().ListLinksAsync(page, cancellation), cancellation);

    public Task<Result<Done>> ObserveAsync(IReadOnlyList<LinkObservation> observations, CancellationToken cancellation) =>
        calls.CallAsync(() => grain().ObserveAsync(observations, cancellation), cancellation);

    public Task<Result<LinkPath>> PathAsync(string from, string to, long bytes, RouteWeights? weights, CancellationToken cancellation) =>
        calls.CallAsync(() => grain().PathAsync(from, to, bytes, weights, cancellation), cancellation);
}
