using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Orleans.Grains;
using Hal.Cache.ControlPlane.Orleans.Records;
using Hal.Cache.Testing.ControlPlane;
using Hal.Cache.Testing.Processes;
using Hal.Cache.Testing.Time;

namespace Hal.Cache.ControlPlane.Orleans.Tests;

/// <summary>Batches have grains of their own, which a reminder wakes, and which come back where a silo dies.</summary>
[Collection(ClusterCollection.Name)]
public sealed class BatchGrainTests(ClusterFixture cluster)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken None => CancellationToken.None;

    [Fact]
    public async Task A_batch_is_ended_by_its_reminder_where_the_tree_sleeps()
    {
        // No timer of the tree ever comes, so that nobody but the reminder can end it.
        var plane = cluster.Plane(cluster.Resources.Add(new SleepingClock(), new MemoryControlPlaneStore()));
        // The tree's first call takes as long as a cluster needs that has just begun; the end must not have passed by then.
        await plane.Batches.GetAsync("b", None);
        var begun = await plane.Batches.BeginAsync("b", new BatchRequest { EndsAt = TimeProvider.System.GetUtcNow().AddSeconds(3) }, None);
        Assert.True(begun.IsOk, begun.ToString());
        Result<BatchInfo> last = default;

        var ended = await Eventually.HoldsAsync(async () => IsEnded(last = await plane.Batches.GetAsync("b", None)), Patience);

        Assert.True(ended, $"{last}");
    }

    [Fact]
    public async Task A_batch_is_ended_by_the_tree_where_its_reminder_is_far_away()
    {
        var clock = new ManualTimeProvider();
        var plane = cluster.Plane(cluster.Resources.Add(clock, new MemoryControlPlaneStore()));
        var begun = await plane.Batches.BeginAsync("b", new BatchRequest { EndsAt = clock.GetUtcNow().AddHours(1) }, None);
        Assert.True(begun.IsOk, begun.ToString());

        clock.Advance(TimeSpan.FromHours(1) + TimeSpan.FromSeconds(1));

        Result<BatchInfo> last = default;
        var ended = await Eventually.HoldsAsync(async () => IsEnded(last = await plane.Batches.GetAsync("b", None)), Patience);
        Assert.True(ended, $"{last}");
    }

    [Fact]
    public async Task A_batch_outlives_its_own_silo_and_that_of_the_tree()
    {
        var tree = cluster.Resources.Add(TimeProvider.System, new MemoryControlPlaneStore());
        var plane = cluster.Plane(tree);
        var begun = await plane.Batches.BeginAsync("b", new BatchRequest { EndsAt = TimeProvider.System.GetUtcNow().AddHours(1) }, None);
        Assert.True(begun.IsOk, begun.ToString());

        await cluster.KillAsync(cluster.Home(cluster.Cluster.Client.GetGrain<IBatchGrain>(TreeKey.Of(tree, "b")).GetGrainId()));
        var moved = await plane.Batches.BeginAsync("b", new BatchRequest(), None);
        if (cluster.Cluster.TryGetGrainContext(cluster.Cluster.Client.GetGrain<ITreeGrain>(tree).GetGrainId(), out _))
            await cluster.KillAsync(cluster.Home(cluster.Cluster.Client.GetGrain<ITreeGrain>(tree).GetGrainId()));
        var found = await plane.Batches.GetAsync("b", None);
        var ended = await plane.Batches.EndAsync("b", None);

        Assert.Equal(begun.Value with { EndsAt = null }, moved.Value);
        Assert.Equal(moved.Value, found.Value);
        Assert.Equal((BatchState.Ended, begun.Value.CreatedAt), (ended.Value.State, ended.Value.CreatedAt));
    }

    // A cluster's answer may be Unavailable for a moment.
    private static bool IsEnded(Result<BatchInfo> batch) => batch.IsOk && batch.Value.State == BatchState.Ended;

    /// <summary>The right time, and timers that never come.</summary>
    private sealed class SleepingClock : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new Never();

        private sealed class Never : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
