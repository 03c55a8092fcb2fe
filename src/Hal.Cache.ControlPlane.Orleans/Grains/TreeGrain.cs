using System.Security.Cryptography;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Hosting;
using Hal.Cache.ControlPlane.Orleans.Records;
using Hal.Cache.ControlPlane.Orleans.Roles;
using Hal.Cache.ControlPlane.Orleans.Streams;
using Hal.Cache.ControlPlane.Sharding;
using Orleans.Concurrency;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Hal.Cache.ControlPlane.Orleans.Grains;

/// <summary>
/// What a tree has one of: who is in it, links, settings, jobs, use, and the event log. Takes a call, asks the domain. Reentrant, since the
/// domain serialises its actors itself.
/// </summary>
/// <remarks>
/// Where its silo dies the next call makes it anew elsewhere, with what the store has; what is soft comes back as instances register.
/// </remarks>
[Reentrant]
[KeepAlive]
internal sealed class TreeGrain(ITreeResources resources, RecordHomes homes, OrleansPlaneOptions options, ISiloStatusOracle silos)
    : Grain, ITreeGrain, IInstancesGrain, ITopologyGrain, IRoutingGrain, IOwnershipGrain, ISchedulingGrain, IBatchesGrain, IAnalyticsGrain
{
    private static readonly TimeSpan ForgetEvery = TimeSpan.FromSeconds(10);

    private readonly HashSet<string> forgotten = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> lastOutcomes = new(StringComparer.Ordinal);
    private StreamPump? pump;
    private InProcessControlPlane? plane;
    private LinkCalls links = null!;
    private string tree = "";

    private InProcessControlPlane Plane => plane!;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        tree = this.GetPrimaryKeyString();
        // The property may be asked in a turn of this grain only, and what ends by time is called by a timer of none.
        var factory = GrainFactory;
        var grains = new TreeGrains(() => factory, () => homes, new TreeKey(tree, ""), new GrainCalls(options, TimeProvider.System));
        links = grains.Links;
        var shards = new PlaneShards(new GrainContentIndex(grains.Records), grains.Jobs, grains.BatchRecords);
        var random = new Random(RandomNumberGenerator.GetInt32(int.MaxValue));
        var started = await InProcessControlPlane.StartAsync(options.Plane, resources.Store(tree), shards, resources.Clock(tree), random, cancellationToken);
        // The caller tries again; the store may be back by then.
        plane = started.IsOk ? started.Value : throw new OrleansException($"the control plane of '{tree}' can't start: {started.Error.Message}");
        this.RegisterGrainTimer(ForgetGoneAsync, new GrainTimerCreationOptions(ForgetEvery, ForgetEvery) { Interleave = true });
        if (options.SpreadAfter is not { } after) return;
        var spreader = new RecordSpreader(grains.Records, silos, after, TimeProvider.System);
        this.RegisterGrainTimer(spreader.LookAsync, new GrainTimerCreationOptions(after, after < ForgetEvery ? after : ForgetEvery) { Interleave = true });
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (pump is not null) await pump.DisposeAsync();
        if (plane is not null) await plane.DisposeAsync();
    }

    Task<TreeView> ITreeGrain.ViewAsync() => Plane.ViewAsync(CancellationToken.None);

    Task<RouteView> ITreeGrain.RouteViewAsync(string? life, long revision) => Plane.RouteViewAsync(life, revision, CancellationToken.None);

    Task<Link?> ITreeGrain.FindLinkAsync(string from, string to) => Task.FromResult(Plane.FindLink(from, to));

    Task<Result<Done>> ITreeGrain.TakeLinkAsync(Link told) => Task.FromResult(Plane.Take(told));

    Task ITreeGrain.TakeJobAsync(PrestageInfo job)
    {
        Plane.Take(job);
        return Task.CompletedTask;
    }

    Task ITreeGrain.TakeAsync(BatchOutcome outcome)
    {
        if (lastOutcomes.GetValueOrDefault(outcome.Instance) == outcome.Id) return Task.CompletedTask;
        lastOutcomes[outcome.Instance] = outcome.Id;
        Plane.Take(outcome);
        return Task.CompletedTask;
    }

    Task<LogPlace> ITreeGrain.WantStreamAsync()
    {
        pump ??= new StreamPump(ChangeStream.Of(this.GetStreamProvider(ChangeStream.Provider), tree), Plane.Events, TimeProvider.System);
        pump.Want(Plane.LastEvent);
        return Task.FromResult(Plane.LastEvent);
    }

    IAsyncEnumerable<StreamItem> ITreeGrain.SubscribeAsync(Subscription subscription, CancellationToken cancellation) =>
        Plane.Events.SubscribeAsync(subscription, cancellation);

    Task<Result<InstanceLease>> IInstances.RegisterAsync(InstanceRegistration registration, CancellationToken cancellation) =>
        KeptAsync(Plane.Instances.RegisterAsync(registration, cancellation));

    Task<Result<InstanceLease>> IInstances.HeartbeatAsync(Heartbeat heartbeat, CancellationToken cancellation) => Plane.Instances.HeartbeatAsync(heartbeat, cancellation);

    Task<Result<Page<InstanceInfo>>> IInstances.ListAsync(PageRequest page, CancellationToken cancellation) => Plane.Instances.ListAsync(page, cancellation);

    Task<Result<InstanceInfo>> IInstances.GetAsync(string instance, CancellationToken cancellation) => Plane.Instances.GetAsync(instance, cancellation);

    async Task<Result<Done>> IInstances.RemoveAsync(string instance, long? epoch, CancellationToken cancellation)
    {
        var measured = Plane.LinksOf(instance).Where(l => l.ObservedAt is not null).ToArray();
        var removed = await Plane.Instances.RemoveAsync(instance, epoch, cancellation);
        // What its links' grains have measured went with it.
        if (removed.IsOk) await Task.WhenAll(measured.Where(l => Plane.FindLink(l.From, l.To) is null).Select(ForgetAsync));
        return removed;
    }

    // Links have grains of their own, which silos call; who calls here is of a version that did not know them.
    Task<Result<Link>> ITopology.SetLinkAsync(LinkSettings settings, CancellationToken cancellation) =>
        links.CallAsync(settings.From, settings.To, link => link.SetAsync(settings, cancellation), cancellation);

    Task<Result<Done>> ITopology.RemoveLinkAsync(string from, string to, CancellationToken cancellation) =>
        links.CallAsync(from, to, link => link.RemoveAsync(cancellation), cancellation);

    Task<Result<Page<Link>>> ITopology.ListLinksAsync(PageRequest page, CancellationToken cancellation) => Plane.Topology.ListLinksAsync(page, cancellation);

    Task<Result<Done>> ITopology.ObserveAsync(IReadOnlyList<LinkObservation> observations, CancellationToken cancellation) =>
        links.ObserveAsync(observations, cancellation);

    Task<Result<LinkPath>> ITopology.PathAsync(string from, string to, long bytes, RouteWeights? weights, CancellationToken cancellation) =>
        Plane.Topology.PathAsync(from, to, bytes, weights, cancellation);

    Task<Result<IReadOnlyList<KeyRoutes>>> IRouting.RoutesAsync(RouteRequest request, CancellationToken cancellation) => Plane.Routing.RoutesAsync(request, cancellation);

    Task<Result<Done>> IRouting.ReportFailureAsync(RouteFailure failure, CancellationToken cancellation) => Plane.Routing.ReportFailureAsync(failure, cancellation);

    Task<Result<SlotOwner>> IOwnership.OwnerAsync(CacheKey key, CancellationToken cancellation) => Plane.Ownership.OwnerAsync(key, cancellation);

    Task<Result<Done>> IOwnership.AssignAsync(string root, IReadOnlyList<SlotRange> slots, CancellationToken cancellation) =>
        KeptAsync(Plane.Ownership.AssignAsync(root, slots, cancellation));

    Task<Result<Done>> IOwnership.ReleaseAsync(string root, IReadOnlyList<SlotRange> slots, CancellationToken cancellation) =>
        KeptAsync(Plane.Ownership.ReleaseAsync(root, slots, cancellation));

    Task<Result<IReadOnlyList<SlotAssignment>>> IOwnership.ListAsync(CancellationToken cancellation) => Plane.Ownership.ListAsync(cancellation);

    Task<Result<AffinityReport>> IScheduling.AffinityAsync(AffinityRequest request, CancellationToken cancellation) =>
        Plane.Scheduling.AffinityAsync(request, cancellation);

    Task<Result<ManifestInfo>> IScheduling.PutManifestAsync(string manifest, IReadOnlyList<CacheKey> keys, CancellationToken cancellation) =>
        KeptAsync(Plane.Scheduling.PutManifestAsync(manifest, keys, cancellation));

    Task<Result<ManifestInfo>> IScheduling.GetManifestAsync(string manifest, CancellationToken cancellation) => Plane.Scheduling.GetManifestAsync(manifest, cancellation);

    Task<Result<Page<CacheKey>>> IScheduling.ListManifestKeysAsync(string manifest, PageRequest page, CancellationToken cancellation) =>
        Plane.Scheduling.ListManifestKeysAsync(manifest, page, cancellation);

    Task<Result<Done>> IScheduling.RemoveManifestAsync(string manifest, CancellationToken cancellation) =>
        KeptAsync(Plane.Scheduling.RemoveManifestAsync(manifest, cancellation));

    Task<Result<PrestageInfo>> IScheduling.PrestageAsync(PrestageRequest request, string? idempotencyKey, CancellationToken cancellation) =>
        Plane.Scheduling.PrestageAsync(request, idempotencyKey, cancellation);

    Task<Result<PrestageInfo>> IScheduling.GetPrestageAsync(string job, CancellationToken cancellation) => Plane.Scheduling.GetPrestageAsync(job, cancellation);

    Task<Result<Page<PrestageInfo>>> IScheduling.ListPrestagesAsync(PageRequest page, CancellationToken cancellation) =>
        Plane.Scheduling.ListPrestagesAsync(page, cancellation);

    Task<Result<PrestageInfo>> IScheduling.CancelPrestageAsync(string job, CancellationToken cancellation) => Plane.Scheduling.CancelPrestageAsync(job, cancellation);

    Task<Result<IReadOnlyList<PrestageWork>>> IScheduling.TakePrestageWorkAsync(string instance, int keysMax, CancellationToken cancellation) =>
        Plane.Scheduling.TakePrestageWorkAsync(instance, keysMax, cancellation);

    Task<Result<Done>> IScheduling.ReportPrestageAsync(PrestageProgress progress, CancellationToken cancellation) =>
        Plane.Scheduling.ReportPrestageAsync(progress, cancellation);

    Task<Result<PinInfo>> IScheduling.PinAsync(PinRequest request, string? idempotencyKey, CancellationToken cancellation) =>
        KeptAsync(Plane.Scheduling.PinAsync(request, idempotencyKey, cancellation));

    Task<Result<Done>> IScheduling.UnpinAsync(string pin, CancellationToken cancellation) => KeptAsync(Plane.Scheduling.UnpinAsync(pin, cancellation));

    Task<Result<Page<PinInfo>>> IScheduling.ListPinsAsync(string? instance, PageRequest page, CancellationToken cancellation) =>
        Plane.Scheduling.ListPinsAsync(instance, page, cancellation);

    Task<Result<BatchInfo>> IBatches.BeginAsync(string batch, BatchRequest request, CancellationToken cancellation) =>
        Plane.Batches.BeginAsync(batch, request, cancellation);

    Task<Result<BatchInfo>> IBatches.GetAsync(string batch, CancellationToken cancellation) => Plane.Batches.GetAsync(batch, cancellation);

    Task<Result<Page<BatchInfo>>> IBatches.ListAsync(PageRequest page, CancellationToken cancellation) => Plane.Batches.ListAsync(page, cancellation);

    Task<Result<BatchInfo>> IBatches.EndAsync(string batch, CancellationToken cancellation) => Plane.Batches.EndAsync(batch, cancellation);

    Task<Result<UsageReport>> IAnalytics.UsageAsync(UsageQuery query, CancellationToken cancellation) => Plane.Analytics.UsageAsync(query, cancellation);

    Task<Result<IReadOnlyList<PopularKey>>> IAnalytics.PopularKeysAsync(string? instance, int limit, CancellationToken cancellation) =>
        Plane.Analytics.PopularKeysAsync(instance, limit, cancellation);

    Task<Result<IReadOnlyList<LinkUsage>>> IAnalytics.LinkUsageAsync(int windowSeconds, CancellationToken cancellation) =>
        Plane.Analytics.LinkUsageAsync(windowSeconds, cancellation);

    Task<Result<IReadOnlyList<ScalingSignal>>> IAnalytics.ScalingSignalsAsync(CancellationToken cancellation) => Plane.Analytics.ScalingSignalsAsync(cancellation);

    // Another life of this grain has written, as where the cluster was parted: who called asks the next one, which reads what is stored.
    private async Task<Result<T>> KeptAsync<T>(Task<Result<T>> change)
    {
        var changed = await change;
        if (changed.Error?.Code != CacheErrorCode.Changed) return changed;
        DeactivateOnIdle();
        throw new OrleansException($"another control plane of '{tree}' has written: {changed.Error.Message}");
    }

    // A link that is not reached is told when it is observed again that it is none.
    private async Task ForgetAsync(Link link)
    {
        try
        {
            await GrainFactory.GetGrain<ITopologyEdgeGrain>(TreeKey.Of(tree, link.From, link.To)).ForgetAsync();
        }
        catch (Exception failure) when (GrainCalls.IsLoss(failure))
        {
            // Its silo is gone, and what was measured with it.
        }
    }

    // The records hide at once what is of an instance that is gone; here its memory is given back.
    private async Task ForgetGoneAsync(CancellationToken cancellation)
    {
        // What is kept without a call may be another's as well.
        if (Plane.IsOutdated) DeactivateOnIdle();
        var view = await Plane.ViewAsync(cancellation);
        foreach (var instance in view.Instances)
        {
            if (instance.Silence <= view.GoneAfter)
            {
                forgotten.Remove(instance.Name);
                continue;
            }
            if (forgotten.Contains(instance.Name)) continue;
            try
            {
                await GrainFactory.GetGrain<ICacheInstanceGrain>(TreeKey.Of(tree, instance.Name)).ForgetAsync();
                forgotten.Add(instance.Name);
            }
            catch (Exception failure) when (GrainCalls.IsLoss(failure))
            {
                // In the next round.
            }
        }
    }
}
