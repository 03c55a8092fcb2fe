using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Hosting;
using Hal.Cache.ControlPlane.Orleans.Records;

namespace Hal.Cache.ControlPlane.Orleans.Roles;

/// <summary>Links: each by its own grain; all of them, and ways over them, by the tree's picture.</summary>
internal sealed class OrleansTopology(Func<ITopology> tree, LinkCalls links, RouteSights sights, Freshness freshness, GrainCalls calls) : ITopology
{
    public async Task<Result<Link>> SetLinkAsync(LinkSettings settings, CancellationToken cancellation) =>
        TopologyRules.Check(settings) is { } wrong
            ? wrong
            : await freshness.ChangeAsync(links.CallAsync(settings.From, settings.To, link => link.SetAsync(settings, cancellation), cancellation));

    public async Task<Result<Done>> RemoveLinkAsync(string from, string to, CancellationToken cancellation) =>
        !TopologyRules.CanBe(from, to)
            ? Done.Value
            : await freshness.ChangeAsync(links.CallAsync(from, to, link => link.RemoveAsync(cancellation), cancellation));

    public Task<Result<Page<Link>>> ListLinksAsync(PageRequest page, CancellationToken cancellation) =>
        calls.CallAsync(() => tree().ListLinksAsync(page, cancellation), cancellation);

    public async Task<Result<Done>> ObserveAsync(IReadOnlyList<LinkObservation> observations, CancellationToken cancellation) =>
        TopologyRules.Check(observations) is { } wrong ? wrong : await freshness.ChangeAsync(links.ObserveAsync(observations, cancellation));

    public async Task<Result<LinkPath>> PathAsync(string from, string to, long bytes, RouteWeights? weights, CancellationToken cancellation)
    {
        var sight = await sights.GetAsync(freshness.AgeMs);
        if (!sight.IsOk) return sight.Error;
        var path = sight.Value.Path(from, to, bytes, weights);
        // Somebody else may have registered an end, or set the link, a moment ago.
        if (path.Error?.Code != CacheErrorCode.NotFound) return path;
        return (await sights.GetAsync(0)).Error is { } error ? error : sight.Value.Path(from, to, bytes, weights);
    }
}
