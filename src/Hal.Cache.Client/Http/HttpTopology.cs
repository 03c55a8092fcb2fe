using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.Client.Http;

internal sealed class HttpTopology(PlaneCalls calls) : ITopology
{
    private const string Links = "v1/topology/links";

    public Task<Result<Link>> SetLinkAsync(LinkSettings settings, CancellationToken cancellation) =>
        calls.SendAsync(
            HttpMethod.Put, new PlaneAddress(Links).Segment(settings.From).Segment(settings.To), settings.Figures, PlaneCalls.Json.LinkFigures, PlaneCalls.Json.Link, cancellation);

    public Task<Result<Done>> RemoveLinkAsync(string from, string to, CancellationToken cancellation) =>
        calls.DeleteAsync(new PlaneAddress(Links).Segment(from).Segment(to), cancellation);

    public Task<Result<Page<Link>>> ListLinksAsync(PageRequest page, CancellationToken cancellation) =>
        calls.GetAsync(new PlaneAddress(Links).Page(page), PlaneCalls.Json.PageLink, cancellation);

    public Task<Result<Done>> ObserveAsync(IReadOnlyList<LinkObservation> observations, CancellationToken cancellation) =>
        calls.DoAsync(
            HttpMethod.Post, new PlaneAddress("v1/topology/observations"), new Page<LinkObservation>(observations, null), PlaneCalls.Json.PageLinkObservation, cancellation);

    public Task<Result<LinkPath>> PathAsync(string from, string to, long bytes, RouteWeights? weights, CancellationToken cancellation) =>
        calls.GetAsync(
            new PlaneAddress("v1/topology/paths").Segment(from).Segment(to).Query("bytes", bytes).Weights(weights), PlaneCalls.Json.LinkPath, cancellation);
}
