using System.Text.Json;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Analytics;
using Hal.Cache.ControlPlane.Scheduling;
using Hal.Cache.ControlPlane.Sharding;
using Hal.Cache.ControlPlane.Topology;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>A control plane in this process: one gate for each actor, and a timer for what ends by time.</summary>
public sealed class InProcessControlPlane : IControlPlane, IAsyncDisposable
{
    private readonly DurableState durable;
    private readonly PlaneState state;
    private readonly InstancesHost instances;
    private readonly InstanceRecords? records;
    private readonly OwnershipHost ownership;
    private readonly SchedulingHost scheduling;
    private readonly BatchesHost batches;
    private readonly OwnBatches? ownBatches;
    private readonly ShardedJobs? shardedJobs;
    private readonly CancellationTokenSource stopping = new();
    private readonly DateTimeOffset startedAt;
    private ITimer? housekeeping;
    private Task keeping = Task.CompletedTask;

    private InProcessControlPlane(ControlPlaneOptions options, IControlPlaneStore? store, PlaneShards? shards, TimeProvider time, Random random)
    {
        var ids = new IdSource(random);
        durable = new DurableState(store);
        startedAt = time.GetUtcNow();
        state = new PlaneState(options, time, ids.Next("log", startedAt));
        var content = new ContentHost(state);
        ownership = new OwnershipHost(state, durable);
        shardedJobs = shards is null ? null : new ShardedJobs(state, shards.Jobs);
        ownBatches = shards is null ? new OwnBatches(store, time) : null;
        var table = new Actor<BatchTable>(new BatchTable());
        scheduling = new SchedulingHost(state, durable, content, shards?.Index, (IJobsHost?)shardedJobs ?? new JobsHost(state, durable), table, ids);
        batches = new BatchesHost(state, durable, table, (IBatchRecords?)ownBatches ?? shards!.Batches, scheduling);
        instances = new InstancesHost(state, ownership, scheduling);
        records = options.KeepInstances ? new InstanceRecords(state, durable) : null;
        Content = content;
        Topology = new TopologyHost(state, durable);
        Routing = new RoutingHost(state, content, shards?.Index);
        Events = new EventsHost(state);
        Analytics = new AnalyticsHost(state);
    }

    /// <summary>Where the event log is.</summary>
    public LogPlace LastEvent => new(state.Events.Last.LogId, state.Events.Last.Position);

    /// <summary>Another control plane has written to the store what this one keeps: one that is started anew has it.</summary>
    public bool IsOutdated => durable.IsOutdated;

    public IInstances Instances => instances;

    public IContent Content { get; }

    public ITopology Topology { get; }

    public IRouting Routing { get; }

    public IOwnership Ownership => ownership;

    public IEvents Events { get; }

    public IScheduling Scheduling => scheduling;

    public IBatches Batches => batches;

    public IAnalytics Analytics { get; }

    /// <summary>Starts with what the store has; without a store nothing is kept. Options must be valid.</summary>
    public static Task<Result<InProcessControlPlane>> StartAsync(
        ControlPlaneOptions options, IControlPlaneStore? store, TimeProvider time, Random random, CancellationToken cancellation) =>
        StartAsync(options, store, null, time, random, cancellation);

    /// <summary>
    /// Starts without ownership records, prestage jobs and batches of its own where those are elsewhere: then routes and schedules are made from their
    /// index, and what instances report is told by <see cref="Take(BatchOutcome)"/>.
    /// </summary>
    public static async Task<Result<InProcessControlPlane>> StartAsync(
        ControlPlaneOptions options, IControlPlaneStore? store, PlaneShards? shards, TimeProvider time, Random random, CancellationToken cancellation)
    {
        if (options.Validate() is { } rule) return new CacheError(CacheErrorCode.Invalid, rule);
        var plane = new InProcessControlPlane(options, store, shards, time, random);
        var loaded = await plane.durable.LoadAsync(cancellation);
        if (!loaded.IsOk) return loaded.Error;
        try
        {
            plane.Load(loaded.Value);
        }
        catch (JsonException damaged)
        {
            return new CacheError(CacheErrorCode.Corrupt, $"a stored record can't be read: {damaged.Message}");
        }
        plane.housekeeping = time.CreateTimer(_ => plane.Keep(), null, options.Housekeeping, options.Housekeeping);
        return plane;
    }

    /// <summary>What ownership records elsewhere have to know of the tree.</summary>
    public Task<TreeView> ViewAsync(CancellationToken cancellation) => TreeViews.MakeAsync(state, ownership, startedAt, cancellation);

    /// <summary>What routes are ranked with elsewhere: all links, or where the asker has this life's up to a revision, those changed since.</summary>
    public async Task<RouteView> RouteViewAsync(string? life, long revision, CancellationToken cancellation) =>
        TreeViews.ForRoutes(state, await ViewAsync(cancellation), life, revision);

    /// <summary>A link as the tree has it; null where there is none.</summary>
    public Link? FindLink(string from, string to) => state.Topology.Ask(t => t.Find(from, to)?.Describe());

    /// <summary>The links that lead from or to an instance.</summary>
    public IReadOnlyList<Link> LinksOf(string instance) =>
        state.Topology.Ask(t => t.Links.Where(l => l.From == instance || l.To == instance).Select(l => l.Describe()).ToArray());

    /// <summary>Takes a link as the process that has it tells; NotFound where it is not to be one, Busy where there are too many.</summary>
    public Result<Done> Take(Link told) => TopologyHost.Show(state, told);

    /// <summary>Takes what a prestage job elsewhere tells of itself.</summary>
    public void Take(PrestageInfo job) => shardedJobs?.Take(job);

    /// <summary>Takes what came of a batch that ownership records elsewhere took.</summary>
    public void Take(BatchOutcome outcome) => OutcomeIntake.Take(state, outcome);

    public async ValueTask DisposeAsync()
    {
        if (housekeeping is not null) await housekeeping.DisposeAsync();
        await stopping.CancelAsync();
        await keeping;
        instances.Dispose();
        ownBatches?.Dispose();
        durable.Dispose();
        stopping.Dispose();
    }

    private void Load(IReadOnlyList<StoredRecord> records)
    {
        foreach (var record in records)
        {
            if (record.Kind == StoredKind.Link && JsonSerializer.Deserialize(record.Value.Span, StoredJson.Default.LinkSettings) is { } link)
                state.Topology.Tell(t => t.Configure(link));
            if (record.Kind == StoredKind.Slots && JsonSerializer.Deserialize(record.Value.Span, StoredJson.Default.IReadOnlyListSlotRange) is { } slots)
                ownership.Load(record.Key, slots);
        }
        scheduling.Load(records);
        batches.Load(records);
        this.records?.Load(records);
    }

    // One round at a time: where the store is slow, the next rounds are left out.
    private void Keep()
    {
        instances.DropGone();
        state.Usage.Tell(u => u.Tick());
        if (keeping.IsCompleted) keeping = ExpireAsync();
    }

    private async Task ExpireAsync()
    {
        try
        {
            await scheduling.ExpireAsync(stopping.Token);
            await batches.ExpireAsync(stopping.Token);
            if (records is not null) await records.KeepAsync(stopping.Token);
        }
        catch (OperationCanceledException)
        {
            // The control plane is being stopped.
        }
    }
}
