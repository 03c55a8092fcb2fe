using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Orleans.Roles;

internal sealed class OrleansContent(Func<IContent> grain, GrainCalls calls) : IContent
{
    public Task<Result<KeyLocation>> LocateAsync(CacheKey key, CancellationToken cancellation) =>
        calls.CallAsync(() => grain().LocateAsync(key, cancellation), cancellation);

    public Task<Result<IReadOnlyList<KeyLocation>>> LocateManyAsync(IReadOnlyList<CacheKey> keys, CancellationToken cancellation) =>
        calls.CallAsync(() => grain().LocateManyAsync(Packed.Keys(keys), cancellation), cancellation);

    public Task<Result<Page<KeyLocation>>> LocatePrefixAsync(KeyPrefix prefix, PageRequest page, CancellationToken cancellation) =>
        calls.CallAsync(() => grain().LocatePrefixAsync(prefix, page, cancellation), cancellation);

    public Task<Result<Page<ContentEntry>>> InventoryAsync(string instance, KeyPrefix? prefix, PageRequest page, CancellationToken cancellation) =>
        calls.CallAsync(() => grain().InventoryAsync(instance, prefix, page, cancellation), cancellation);

    public Task<Result<ContentTotals>> TotalsAsync(CancellationToken cancellation) =>
        calls.CallAsync(() => grain().TotalsAsync(cancellation), cancellation);
}
