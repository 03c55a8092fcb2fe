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
internal sealed class KeyOwnershipGrain(ITreeResources resources, SiloRecords here, TreeSights sights) : Grain, IKeyOwnershipGrain
{
    private TreeKey key;
    private RecordHost host = null!;
    private Task asking = Task.CompletedTask;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        key = TreeKey.Parse(this.GetPrimaryKeyString());
        host = new RecordHost(new RecordShard(key.Record, Guid.NewGuid().ToString("N"), resources.Clock(key.Tree)));
        here.Add(key, host);
        // Not waited for: calls are answered meanwhile, and say that the record is not complete.
        asking = AskInstancesAsync();
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        here.Remove(key, host);
        host.Close();
        return Task.CompletedTask;
    }

    public Task<RecordReply> TakeAsync(RecordChanges changes, CacheKey[] keys) => AskAsync(record => record.Take(changes, keys));

    public async Task<LocatedKeys> LocateAsync(CacheKey[] keys, int viewAgeMs)
    {
        var sight = await SightAsync(viewAgeMs);
        return await AskAsync(record => record.Locate(keys, sight));
    }

    public async Task<RecordPage> ScanAsync(RecordScan scan, int viewAgeMs)
    {
        var sight = await SightAsync(viewAgeMs);
        return await AskAsync(record => record.Scan(scan, sight));
    }

    public Task<HolderSums> SumAsync(CacheKey[] keys) => AskAsync(record => record.Sum(keys));

    public Task<CacheKey[]> HeldAsync(string instance, CacheKey[] keys) => AskAsync(record => record.Held(instance, keys).ToArray());

    public Task<RecordTotals> TotalsAsync() => AskAsync(record => record.Totals());

    public Task<RecordShare> ShareAsync(string instance, bool withSlots) => AskAsync(record => record.Share(instance, withSlots));

    public Task ToldAsync(string instance, string life) => AskAsync(record =>
    {
        record.Told(instance, life);
        return record;
    });

    public Task DropAsync(string instance) => AskAsync(record =>
    {
        record.Drop(instance);
        return record;
    });

    public Task<string> HomeAsync() => Task.FromResult(GrainContext.Address.SiloAddress!.ToParsableString());

    public Task MoveAsync(string silo)
    {
        RequestContext.Set(IPlacementDirector.PlacementHintKey, SiloAddress.FromParsableString(silo));
        this.MigrateOnIdle();
        return Task.CompletedTask;
    }

    // A turn that began before the record was closed may end after it; the caller asks again, wherever the record is by then.
    private Task<T> AskAsync<T>(Func<RecordShard, T> ask)
        where T : class => host.Ask(ask) is { } answer ? Task.FromResult(answer) : Task.FromException<T>(new OrleansException($"record '{key.Record}' has moved"));

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
        var grain = GrainFactory.GetGrain<ICacheInstanceGrain>(TreeKey.Of(key.Tree, instance));
        if (await grain.RecordBeganAsync(key.Record, host.Life)) await ToldAsync(instance, host.Life);
    }
}
