using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.ContractSuites.ControlPlane;

public abstract class BatchesContract : ControlPlaneContract
{
    [Fact]
    public async Task A_batch_is_found_under_its_name_until_it_ends_and_after()
    {
        var begun = (await BeginAsync("train-7")).Value;
        var found = (await Plane.Batches.GetAsync("train-7", None)).Value;
        Clock.Advance(TimeSpan.FromSeconds(1));
        var ended = (await Plane.Batches.EndAsync("train-7", None)).Value;

        Assert.Equal(("train-7", BatchState.Running, Clock.GetUtcNow().AddSeconds(-1)), (begun.Batch, begun.State, begun.CreatedAt));
        Assert.Equal(begun, found);
        Assert.Equal((BatchState.Ended, begun.CreatedAt, Clock.GetUtcNow()), (ended.State, ended.CreatedAt, ended.EndedAt));
        Assert.Equal(ended, (await Plane.Batches.GetAsync("train-7", None)).Value);
        AssertError(CacheErrorCode.NotFound, await Plane.Batches.GetAsync("train", None));
        AssertError(CacheErrorCode.NotFound, await Plane.Batches.EndAsync("train", None));
    }

    [Fact]
    public async Task A_batch_that_is_begun_again_is_the_same_with_another_end()
    {
        var (first, later) = (Clock.GetUtcNow().AddHours(1), Clock.GetUtcNow().AddHours(2));
        var begun = (await BeginAsync("b", first)).Value;
        Clock.Advance(TimeSpan.FromSeconds(1));
        var repeated = (await BeginAsync("b", first)).Value;
        var moved = (await BeginAsync("b", later)).Value;
        var open = (await BeginAsync("b")).Value;

        Assert.Equal(begun, repeated);
        Assert.Equal(begun with { EndsAt = later }, moved);
        Assert.Equal(begun with { EndsAt = null }, open);
    }

    [Fact]
    public async Task A_batch_ends_with_its_jobs_and_pins_and_with_no_others()
    {
        await RegisterTreeAsync();
        await BeginAsync("one");
        await BeginAsync("two");
        var (jobOne, jobTwo, jobNone) = (await PrestageAsync("one"), await PrestageAsync("two"), await PrestageAsync(null));
        await PinAsync("one");
        await PinAsync("one");
        var (pinTwo, pinNone) = (await PinAsync("two"), await PinAsync(null));
        var before = (await Plane.Batches.GetAsync("one", None)).Value;
        var pinsBefore = (await RegisterAsync("leaf-1", "branch")).Value.PinsRevision;
        var ended = (await Plane.Batches.EndAsync("one", None)).Value;

        Assert.Equal((1, 2), (before.Prestages, before.Pins));
        Assert.Equal((BatchState.Ended, 0, 0), (ended.State, ended.Prestages, ended.Pins));
        Assert.Equal(PrestageState.Cancelled, await StateAsync(jobOne.Value.Job));
        Assert.Equal((PrestageState.Waiting, PrestageState.Waiting), (await StateAsync(jobTwo.Value.Job), await StateAsync(jobNone.Value.Job)));
        Assert.Equal(
            new[] { pinTwo.Value.Pin, pinNone.Value.Pin }.Order(StringComparer.Ordinal),
            (await Plane.Scheduling.ListPinsAsync(null, new PageRequest(), None)).Value.Items.Select(p => p.Pin));
        Assert.True((await RegisterAsync("leaf-1", "branch")).Value.PinsRevision > pinsBefore);
    }

    [Fact]
    public async Task Ending_a_batch_again_changes_nothing()
    {
        await BeginAsync("b");
        var first = (await Plane.Batches.EndAsync("b", None)).Value;
        Clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(first, (await Plane.Batches.EndAsync("b", None)).Value);
    }

    [Fact]
    public async Task Nothing_joins_a_batch_that_is_not_there_or_has_ended()
    {
        await RegisterTreeAsync();
        await BeginAsync("b");
        await Plane.Batches.EndAsync("b", None);

        AssertError(CacheErrorCode.NotFound, await PrestageAsync("never"));
        AssertError(CacheErrorCode.NotFound, await PinAsync("never"));
        AssertError(CacheErrorCode.Conflict, await PrestageAsync("b"));
        AssertError(CacheErrorCode.Conflict, await PinAsync("b"));
        AssertError(CacheErrorCode.Conflict, await BeginAsync("b"));
    }

    [Fact]
    public async Task A_batch_ends_by_itself_when_its_end_has_come()
    {
        await RegisterTreeAsync();
        await BeginAsync("b", Clock.GetUtcNow().AddSeconds(2));
        var job = await PrestageAsync("b");
        await PinAsync("b");
        Clock.Advance(TimeSpan.FromSeconds(3));
        var late = await PinAsync("b");
        BatchInfo? last = null;
        var ended = await Eventually.HoldsAsync(async () => (last = (await Plane.Batches.GetAsync("b", None)).Value).State == BatchState.Ended, Patience);

        AssertError(CacheErrorCode.Conflict, late);
        Assert.True(ended, $"{last}");
        Assert.Equal((0, 0), (last!.Prestages, last.Pins));
        Assert.Equal(PrestageState.Cancelled, await StateAsync(job.Value.Job));
    }

    [Fact]
    public async Task Batches_are_listed_by_name_in_pages()
    {
        foreach (var name in new[] { "c", "a", "b" }) await BeginAsync(name);
        await Plane.Batches.EndAsync("b", None);

        var first = (await Plane.Batches.ListAsync(new PageRequest(null, 2), None)).Value;
        var rest = (await Plane.Batches.ListAsync(new PageRequest(first.Next, 2), None)).Value;

        Assert.Equal([("a", BatchState.Running), ("b", BatchState.Ended)], first.Items.Select(b => (b.Batch, b.State)));
        Assert.Equal(["c"], rest.Items.Select(b => b.Batch));
        Assert.Null(rest.Next);
        AssertError(CacheErrorCode.Invalid, await Plane.Batches.ListAsync(new PageRequest(null, 0), None));
    }

    [Fact]
    public async Task A_batch_needs_a_name_and_an_end_that_is_to_come()
    {
        AssertError(CacheErrorCode.Invalid, await BeginAsync("no/name"));
        AssertError(CacheErrorCode.Invalid, await BeginAsync(new string('b', ControlPlaneLimits.NameLengthMax + 1)));
        AssertError(CacheErrorCode.Invalid, await BeginAsync("b", Clock.GetUtcNow()));
    }

    private Task<Result<BatchInfo>> BeginAsync(string batch, DateTimeOffset? endsAt = null) => Plane.Batches.BeginAsync(batch, new BatchRequest { EndsAt = endsAt }, None);

    private Task<Result<PrestageInfo>> PrestageAsync(string? batch) => Plane.Scheduling.PrestageAsync(
        new PrestageRequest { Selection = new KeySelection { Keys = [Key("a")] }, Instances = ["leaf-1"], Batch = batch }, null, None);

    private Task<Result<PinInfo>> PinAsync(string? batch) => Plane.Scheduling.PinAsync(
        new PinRequest { Instance = "leaf-1", Selection = new KeySelection { Keys = [Key("a")] }, Batch = batch }, null, None);

    private async Task<PrestageState> StateAsync(string job) => (await Plane.Scheduling.GetPrestageAsync(job, None)).Value.State;
}
