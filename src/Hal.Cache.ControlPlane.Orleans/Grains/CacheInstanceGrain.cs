using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Hosting;
using Hal.Cache.ControlPlane.Orleans.Records;
using Hal.Cache.ControlPlane.Ownership;
using Hal.Cache.ControlPlane.Sharding;
using Orleans.Concurrency;
using Orleans.Configuration;
using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace Hal.Cache.ControlPlane.Orleans.Grains;

/// <summary>
/// One cache instance, on the silo that called it first, which is the one that hosts it. Its batches have a turn; whatever else comes is
/// answered meanwhile, so that records may call back while they are waited for.
/// </summary>
[Reentrant]
[KeepAlive]
[PreferLocalPlacement]
internal sealed class CacheInstanceGrain(ITreeResources resources, RecordHomes homes, OrleansPlaneOptions options) : Grain, ICacheInstanceGrain, IDisposable
{
    private readonly SemaphoreSlim turn = new(1, 1);
    private readonly string feed = Guid.NewGuid().ToString("N");
    private TreeGrains tree = null!;
    private Task tellingLinks = Task.CompletedTask;
    private InstanceShard shard = null!;
    private long batches;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        tree = TreeGrains.Of(this, GrainFactory, homes, options);
        shard = new InstanceShard(resources.Clock(tree.Key.Tree), options.Plane.Instances);
        return Task.CompletedTask;
    }

    public void Dispose() => turn.Dispose();

    public async Task<Result<InstanceLease>> RegisterAsync(InstanceRegistration registration, CancellationToken cancellation)
    {
        var lease = await tree.Calls.CallAsync(() => tree.Instances.RegisterAsync(registration, cancellation), cancellation);
        if (!lease.IsOk) return lease.Error;
        if (shard.IsGone) await DropAsync();
        return shard.Register(registration, lease.Value);
    }

    public async Task<Result<InstanceLease>> HeartbeatAsync(Heartbeat heartbeat, CancellationToken cancellation)
    {
        if (shard.Refusal(heartbeat.Instance, heartbeat.Epoch) is { } refusal) return refusal;
        if (TopologyRules.Check(heartbeat.Links) is { } wrong) return wrong;
        var rest = heartbeat with { Digest = null, Links = [] };
        var lease = await tree.Calls.CallAsync(() => tree.Instances.HeartbeatAsync(rest, cancellation), cancellation);
        if (!lease.IsOk) return lease.Error;
        // Not waited for, since a lease must not be late for a link whose silo is gone; what comes meanwhile is left out.
        if (tellingLinks.IsCompleted && heartbeat.Links.Count > 0) tellingLinks = tree.Links.ObserveAsync(heartbeat.Links, CancellationToken.None);
        var heard = shard.Hear(heartbeat, lease.Value);
        await TellAsync();
        return heard;
    }

    public async Task<Result<Done>> RemoveAsync(long? epoch, CancellationToken cancellation)
    {
        var removed = await tree.Calls.CallAsync(() => tree.Instances.RemoveAsync(tree.Key.Name, epoch, cancellation), cancellation);
        if (!removed.IsOk) return removed.Error;
        await DropAsync();
        DeactivateOnIdle();
        return Done.Value;
    }

    public async Task<Result<ReportReply>> ReportAsync(EventBatch batch, CancellationToken cancellation)
    {
        await turn.WaitAsync(cancellation);
        try
        {
            var begun = shard.Begin(batch);
            if (!begun.IsOk) return begun.Error;
            var number = ++batches;
            int[] records = [.. begun.Value.Parts.Keys];
            RecordPart[] parts = [.. begun.Value.Parts.Values];
            var answers = await tree.Records.TakeAsync(records, [.. parts.Select(p => p.Changes(feed, number))], [.. parts.Select(p => p.Keys)]);
            var replies = records.Index().ToDictionary(r => r.Item, r => answers[r.Index] is { IsOk: true } reply ? reply.Value : null);
            var reply = shard.End(begun.Value, replies);
            // In the turn too, so that an instance's events are in the log in their order. Where the tree does not answer its log is gone as well.
            var outcome = begun.Value.Outcome(replies, $"{feed}.{number}");
            if (outcome.HasNews) await tree.Calls.AskAsync(() => TakenAsync(outcome), CancellationToken.None);
            return reply;
        }
        finally
        {
            turn.Release();
        }
    }

    public async Task<Result<DigestReply>> CompareDigestsAsync(DigestQuery query, CancellationToken cancellation)
    {
        await turn.WaitAsync(cancellation);
        try
        {
            var begun = shard.BeginCompare(query);
            if (!begun.IsOk) return begun.Error;
            var answers = await SharesAsync(begun.Value, query.Level == DigestLevel.Slot, cancellation);
            var reply = shard.EndCompare(query, answers);
            await TellAsync();
            return reply;
        }
        finally
        {
            turn.Release();
        }
    }

    public async Task<InstanceStatus> StatusAsync(CancellationToken cancellation)
    {
        foreach (var (record, share) in await SharesAsync([.. shard.Unknown], false, cancellation))
        {
            if (share is not null) shard.Learn(record, share);
        }
        return shard.Describe();
    }

    public Task<bool> RecordBeganAsync(int record, string life) => Task.FromResult(shard.BeginLife(record, life));

    public async Task ForgetAsync()
    {
        if (shard.IsGone || !shard.IsKnown) await DropAsync();
        if (!shard.IsKnown) DeactivateOnIdle();
    }

    public Task SettleAsync(string silo)
    {
        // What is known of a live instance stays: whoever registers may be another of the same name, and be refused.
        if ((shard.IsKnown && !shard.IsGone) || GrainContext.Address.SiloAddress!.ToParsableString() == silo) return Task.CompletedTask;
        RequestContext.Set(IPlacementDirector.PlacementHintKey, SiloAddress.FromParsableString(silo));
        this.MigrateOnIdle();
        return Task.CompletedTask;
    }

    private async Task<bool> TakenAsync(BatchOutcome outcome)
    {
        await tree.Tree.TakeAsync(outcome);
        return true;
    }

    private async Task<IReadOnlyDictionary<int, RecordShare?>> SharesAsync(IReadOnlyList<int> wanted, bool withSlots, CancellationToken cancellation)
    {
        var answers = await tree.Records.SharesAsync(wanted, tree.Key.Name, withSlots, cancellation);
        return wanted.Index().ToDictionary(w => w.Item, w => answers[w.Index] is { IsOk: true } share ? share.Value : null);
    }

    // Once the content is known to be all there, the records that don't know it yet are told.
    private async Task TellAsync()
    {
        var untold = shard.Untold;
        if (untold.Count == 0) return;
        var told = await tree.Records.TellAsync([.. untold.Select(u => u.Record)], [.. untold.Select(u => u.Life)], tree.Key.Name);
        for (var i = 0; i < told.Length; i++)
        {
            if (told[i].IsOk) shard.Tell(untold[i].Record, untold[i].Life);
        }
    }

    // Where a record can't be reached, it hides what is of nobody.
    private async Task DropAsync()
    {
        shard.Forget();
        await Task.WhenAll(Enumerable.Range(0, HashSlot.Records).Select(record => tree.Records.AskAsync(
            record,
            async r =>
            {
                await r.DropAsync(tree.Key.Name);
                return true;
            },
            CancellationToken.None)));
    }
}
