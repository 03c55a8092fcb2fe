using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Instances;
using Hal.Cache.ControlPlane.Hosting;
using Hal.Cache.Testing.ControlPlane;
using Hal.Cache.Testing.Time;

namespace Hal.Cache.ControlPlane.Tests.Hosting;

/// <summary>Batches over restarts and where the store is away.</summary>
public sealed class BatchTests
{
    private readonly MemoryControlPlaneStore store = new();
    private readonly ManualTimeProvider clock = new();

    [Fact]
    public async Task Batches_and_what_they_have_are_there_after_a_restart()
    {
        BatchInfo running, ended;
        await using (var plane = await StartAsync())
        {
            await BeginAsync(plane, "runs", clock.GetUtcNow().AddHours(1));
            await BeginAsync(plane, "ended");
            await PinAsync(plane, "runs");
            running = (await plane.Batches.GetAsync("runs", default)).Value;
            ended = (await plane.Batches.EndAsync("ended", default)).Value;
        }

        await using var again = await StartAsync();
        var after = (await again.Batches.ListAsync(new PageRequest(), default)).Value.Items;
        var moved = await again.Batches.BeginAsync("runs", new BatchRequest(), default);
        await again.Batches.EndAsync("runs", default);

        Assert.Equal([ended, running], after);
        Assert.Equal(1, running.Pins);
        Assert.Null(moved.Value.EndsAt);
        Assert.DoesNotContain(store.Records, r => r.Kind == StoredKind.Pin);
    }

    [Fact]
    public async Task An_end_that_the_store_did_not_take_whole_is_made_whole_when_it_is_back()
    {
        await using var plane = await StartAsync();
        await BeginAsync(plane, "b");
        await PinAsync(plane, "b");
        store.WritesLeft = 1;
        var failed = await plane.Batches.EndAsync("b", default);
        var half = (await plane.Batches.GetAsync("b", default)).Value;
        var joining = await PinAsync(plane, "b");
        store.WritesLeft = int.MaxValue;
        clock.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(CacheErrorCode.Unavailable, failed.Error?.Code);
        Assert.Equal((BatchState.Ending, 1), (half.State, half.Pins));
        Assert.Equal(CacheErrorCode.Conflict, joining.Error?.Code);
        var whole = (await plane.Batches.GetAsync("b", default)).Value;
        Assert.Equal((BatchState.Ended, 0), (whole.State, whole.Pins));
    }

    [Fact]
    public async Task An_end_that_a_crash_interrupted_goes_on_after_the_restart()
    {
        await using (var plane = await StartAsync())
        {
            await BeginAsync(plane, "b");
            await PinAsync(plane, "b");
            store.WritesLeft = 1;
            await plane.Batches.EndAsync("b", default);
        }
        store.WritesLeft = int.MaxValue;

        await using var again = await StartAsync();
        var before = (await again.Batches.GetAsync("b", default)).Value;
        clock.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal((BatchState.Ending, 1), (before.State, before.Pins));
        Assert.Equal(BatchState.Ended, (await again.Batches.GetAsync("b", default)).Value.State);
        Assert.DoesNotContain(store.Records, r => r.Kind == StoredKind.Pin);
    }

    [Fact]
    public async Task A_batch_that_can_not_be_stored_has_not_begun()
    {
        await using var plane = await StartAsync();
        store.Failure = new CacheError(CacheErrorCode.Unavailable, "the store is away");

        Assert.Equal(CacheErrorCode.Unavailable, (await plane.Batches.BeginAsync("b", new BatchRequest(), default)).Error?.Code);
        Assert.Equal(CacheErrorCode.NotFound, (await plane.Batches.GetAsync("b", default)).Error?.Code);
    }

    [Fact]
    public async Task There_is_a_limit_of_open_batches_and_ended_ones_make_room()
    {
        await using var plane = await StartAsync();
        for (var i = 0; i < ControlPlaneLimits.BatchesMax; i++) await BeginAsync(plane, $"b-{i:d4}");
        var full = await plane.Batches.BeginAsync("more", new BatchRequest(), default);
        await plane.Batches.EndAsync("b-0007", default);
        await BeginAsync(plane, "more");
        var forgotten = await plane.Batches.GetAsync("b-0007", default);

        Assert.Equal(CacheErrorCode.Busy, full.Error?.Code);
        Assert.Contains("BatchesMax", full.Error!.Message, StringComparison.Ordinal);
        Assert.Equal(CacheErrorCode.NotFound, forgotten.Error?.Code);
        Assert.Equal(ControlPlaneLimits.BatchesMax, store.Records.Count(r => r.Kind == StoredKind.Batch));
    }

    private async Task<InProcessControlPlane> StartAsync()
    {
        var plane = (await InProcessControlPlane.StartAsync(new ControlPlaneOptions(), store, clock, new Random(1), default)).Value;
        var root = new InstanceRegistration { Name = "root", Role = InstanceRole.Root, Silo = "s", Epoch = 1, RespAddress = "x:1" };
        Assert.True((await plane.Instances.RegisterAsync(root, default)).IsOk);
        return plane;
    }

    private static async Task BeginAsync(InProcessControlPlane plane, string batch, DateTimeOffset? endsAt = null)
    {
        var begun = await plane.Batches.BeginAsync(batch, new BatchRequest { EndsAt = endsAt }, default);
        Assert.True(begun.IsOk, begun.ToString());
    }

    private static Task<Result<PinInfo>> PinAsync(InProcessControlPlane plane, string batch) => plane.Scheduling.PinAsync(
        new PinRequest { Instance = "root", Selection = new KeySelection { Keys = [CacheKey.FromText("a")] }, Batch = batch }, null, default);
}
