using System.Text.Json;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Analytics;
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
    private readonly CancellationTokenSource stopping = new();
    private readonly DateTimeOffset startedAt;
    private ITimer? housekeeping;
    private Task keeping = Task.CompletedTask;

    private InProcessControlPlane(ControlPlaneOptions options, IControlPlaneStore? store, IContentIndex? index, TimeProvider time, Random random)
    {
        var ids = new IdSource(random);
        durable = new DurableState(store);
        startedAt = time.GetUtcNow();
        state = new PlaneState(options, time, ids.Next("log", startedAt));
        var content = new ContentHost(state);
        ownership = new OwnershipHost(state, durable);
        scheduling = new SchedulingHost(state, durable, content, index, ids);
        instances = new InstancesHost(state, ownership, scheduling);
        records = options.KeepInstances ? new InstanceRecords(state, durable) : null;
        Content = content;
        Topology = new TopologyHost(state, durable);
        Routing = new RoutingHost(state, content, index);
        Events = new EventsHost(state);
        Analytics = new AnalyticsHost(state);
    }

    public IInstances Instances => instances;

    public IContent Content { get; }

    public ITopology Topology { get; }

    public IRouting Routing { get; }

    public IOwnership Ownership => ownership;

    public IEvents Events { get; }

    public IScheduling Scheduling => scheduling;

    public IAnalytics Analytics { get; }

    /// <summary>Starts with what the store has; without a store nothing is kept. Options must be valid.</summary>
    public static Task<Result<InProcessControlPlane>> StartAsync(
        ControlPlaneOptions options, IControlPlaneStore? store, TimeProvider time, Random random, CancellationToken cancellation) =>
        StartAsync(options, store, null, time, random, cancellation);

    /// <summary>
    /// Starts without ownership records of its own where an index of those is given: then routes and schedules are made from the index, and
    /// what instances report is told by <see cref="Take"/>.
    /// </summary>
    public static async Task<Result<InProcessControlPlane>> StartAsync(
        ControlPlaneOptions options, IControlPlaneStore? store, IContentIndex? index, TimeProvider time, Random random, CancellationToken cancellation)
    {
        if (options.Validate() is { } rule) return new CacheError(CacheErrorCode.Invalid, rule);
        var plane = new InProcessControlPlane(options, store, index, time, random);
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
    public async Task<TreeView> ViewAsync(CancellationToken cancellation) => new()
    {
        Instances = [.. state.Registry.All.Values.Select(i => new ViewedInstance(i.Name, state.Now - i.HeardAt))],
        // By then whoever lives has been heard.
        IsWhole = state.Now - startedAt > state.Options.Instances.Lease,
        Owners = (await ownership.ListAsync(cancellation)).Value,
        Lease = state.Options.Instances.Lease,
        GoneAfter = state.Options.Instances.GoneAfter,
    };

    /// <summary>Takes what came of a batch that ownership records elsewhere took.</summary>
    public void Take(BatchOutcome outcome) => OutcomeIntake.Take(state, outcome);

    public async ValueTask DisposeAsync()
    {
        if (housekeeping is not null) await housekeeping.DisposeAsync();
        await stopping.CancelAsync();
        await keeping;
        instances.Dispose();
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
            if (records is not null) await records.KeepAsync(stopping.Token);
        }
        catch (OperationCanceledException)
        {
            // The control plane is being stopped.
        }
    }
}
