using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.Client.Http;

internal sealed class HttpContentMap(PlaneCalls calls) : IContent
{
    private const string Locations = "v1/content/locations";

    public async Task<Result<KeyLocation>> LocateAsync(CacheKey key, CancellationToken cancellation)
    {
        // In a body, since a key may be longer than an address.
        var found = await LocateManyAsync([key], cancellation);
        return found.Error is { } error ? error : found.Value[0];
    }

    public async Task<Result<IReadOnlyList<KeyLocation>>> LocateManyAsync(IReadOnlyList<CacheKey> keys, CancellationToken cancellation)
    {
        var found = PlaneCalls.Items(await calls.SendAsync(
            HttpMethod.Post, new PlaneAddress(Locations), new KeySelection { Keys = keys }, PlaneCalls.Json.KeySelection, PlaneCalls.Json.PageKeyLocation, cancellation));
        return found.IsOk && found.Value.Count != keys.Count
            ? new CacheError(CacheErrorCode.Unavailable, $"the control plane answered {found.Value.Count} locations for {keys.Count} keys")
            : found;
    }

    public Task<Result<Page<KeyLocation>>> LocatePrefixAsync(KeyPrefix prefix, PageRequest page, CancellationToken cancellation) =>
        calls.GetAsync(new PlaneAddress(Locations).Prefix(prefix).Page(page), PlaneCalls.Json.PageKeyLocation, cancellation);

    public Task<Result<Page<ContentEntry>>> InventoryAsync(string instance, KeyPrefix? prefix, PageRequest page, CancellationToken cancellation) =>
        calls.GetAsync(
            new PlaneAddress("v1/content/instances").Segment(instance).Prefix(prefix).Page(page), PlaneCalls.Json.PageContentEntry, cancellation);

    public Task<Result<ContentTotals>> TotalsAsync(CancellationToken cancellation) =>
        calls.GetAsync(new PlaneAddress("v1/content/totals"), PlaneCalls.Json.ContentTotals, cancellation);
}
