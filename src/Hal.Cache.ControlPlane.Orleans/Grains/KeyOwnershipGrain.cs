using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Orleans.Records;
using Hal.Cache.ControlPlane.Orleans.Roles;
using Hal.Cache.ControlPlane.Sharding;
using Orleans.Concurrency;
using Orleans.Configuration;
using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace Hal.Cache.ControlPlane.Orleans.Grains;

/// <summary>One ownership record: takes a call, asks the domain. Soft: where its silo dies it begins anew, empty, and asks the instances.</summary>
[Reentrant]
[KeepAlive]
[HashBasedPlacement]
internal sealed class KeyOwnershipGrain(ITreeResources resources, TreeSights sights) : Grain, IKeyOwnershipGrain
{
    private TreeKey key;
    private RecordShard record = null!;
    private Task asking = Task.CompletedTask;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        key = TreeKey.Parse(this.GetPrimaryKeyString());
        record = new RecordShard(key.Record, Guid.NewGuid().ToString("N"), resources.Clock(key.Tree));
        // Not waited for: calls are answered meanwhile, and say that the record is not complete.
        asking = AskInstancesAsync();
        return Task.CompletedTask;
    }

    public Task<RecordReply> TakeAsync(RecordChanges changes, CacheKey[] keys) => Task.FromResult(record.Take(changes, keys));

    public async Task<LocatedKeys> LocateAsync(CacheKey[] keys, int viewAgeMs) => record.Locate(keys, await SightAsync(viewAgeMs));

    public async Task<RecordPage> ScanAsync(RecordScan scan, int viewAgeMs) => record.Scan(scan, await SightAsync(viewAgeMs));

    public Task<HolderSums> SumAsync(CacheKey[] keys) => Task.FromResult(record.Sum(keys));

    public Task<CacheKey[]> HeldAsync(string instance, CacheKey[] keys) => Task.FromResult(record.Held(instance, keys).ToArray());

    public Task<RecordTotals> TotalsAsync() => Task.FromResult(record.Totals());

    public Task<RecordShare> ShareAsync(string instance, bool withSlots) => Task.FromResult(record.Share(instance, withSlots));

    public Task ToldAsync(string instance, string life)
    {
        record.Told(instance, life);
        return Task.CompletedTask;
    }

    public Task DropAsync(string instance)
    {
        record.Drop(instance);
        return Task.CompletedTask;
    }

    public Task<string> HomeAsync() => Task.FromResult(GrainContext.Address.SiloAddress!.ToParsableString());

    public Task MoveAsync(string silo)
    {
        RequestContext.Set(IPlacementDirector.PlacementHintKey, SiloAddress.FromParsableString(silo));
        this.MigrateOnIdle();
        return Task.CompletedTask;
    }

    private async ValueTask<TreeSight?> SightAsync(int ageMs) => ageMs == IKeyOwnershipGrain.NoView ? null : await sights.GetAsync(key.Tree, ageMs);

    // Who is not reached now finds out by the life in the next answer.
    private async Task AskInstancesAsync()
    {
        try
        {
            var sight = await sights.GetAsync(key.Tree, 0);
            await Task.WhenAll(sight.Instances.Select(AskAsync));
        }
        catch (Exception failure) when (GrainCalls.IsLoss(failure))
        {
            // The tree or an instance can't be reached.
        }
    }

    private async Task AskAsync(string instance)
    {
        if (await GrainFactory.GetGrain<ICacheInstanceGrain>(TreeKey.Of(key.Tree, instance)).RecordBeganAsync(key.Record, record.Life)) record.Told(instance, record.Life);
    }
}
