using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Orleans.Grains;
using Hal.Cache.ControlPlane.Sharding;

namespace Hal.Cache.ControlPlane.Orleans.Records;

/// <summary>The ownership records as the tree's grain asks them; who of the holders is live it knows itself.</summary>
internal sealed class GrainContentIndex(RecordCalls records) : IContentIndex
{
    public async Task<Result<LocatedKeys>> LocateAsync(IReadOnlyList<CacheKey> keys, CancellationToken cancellation)
    {
        var found = await records.LocateAsync(keys, IKeyOwnershipGrain.NoView, cancellation);
        return found.IsOk ? new LocatedKeys(found.Value) : found.Error;
    }

    public async Task<Result<HolderSums>> SumAsync(IReadOnlyList<CacheKey> keys, CancellationToken cancellation)
    {
        var sums = await records.AskByRecordAsync(keys, (record, some) => record.SumAsync(some), cancellation);
        return sums.IsOk ? new HolderSums([.. sums.Value.SelectMany(s => s.Sets)]) : sums.Error;
    }

    public async Task<Result<IReadOnlyList<CacheKey>>> KeysAsync(KeyPrefix prefix, int keysMax, CancellationToken cancellation)
    {
        var found = await records.ScanAsync(new RecordScan(prefix, null, 1, keysMax + 1, int.MaxValue), (0, 1), IKeyOwnershipGrain.NoView, cancellation);
        return found.IsOk ? Results.Of<IReadOnlyList<CacheKey>>([.. found.Value.Items.Select(i => i.Key)]) : found.Error;
    }

    public async Task<Result<IReadOnlyList<CacheKey>>> HeldAsync(string instance, IReadOnlyList<CacheKey> keys, CancellationToken cancellation)
    {
        var held = await records.AskByRecordAsync(keys, (record, some) => record.HeldAsync(instance, some), cancellation);
        return held.IsOk ? Results.Of<IReadOnlyList<CacheKey>>([.. held.Value.SelectMany(h => h)]) : held.Error;
    }
}
