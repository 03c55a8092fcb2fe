using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Hosting;
using Hal.Cache.ControlPlane.Sharding;
using Hal.Cache.Testing.ControlPlane;
using Hal.Cache.Testing.Time;

namespace Hal.Cache.ControlPlane.Tests.Hosting;

public sealed class PrestageJobHostTests : IDisposable
{
    private const string Id = "prestage-1";

    private readonly ManualTimeProvider clock = new();
    private readonly MemoryControlPlaneStore store = new();
    private readonly List<PrestageJobHost> made = [];

    private static CancellationToken None => CancellationToken.None;

    public void Dispose() => made.ForEach(j => j.Dispose());

    [Fact]
    public async Task Another_life_goes_on_where_progress_was_saved()
    {
        var before = await BegunAsync("a", "b", "c");
        Assert.Equal(["a", "b"], Names(await before.TakeAsync("leaf", 2, None)));
        before.Settle(new PrestageProgress { Job = Id, Instance = "leaf", Done = [Key("a")] });
        await before.KeepAsync(None);

        var after = await NewAsync();
        var left = await after.TakeAsync("leaf", 10, None);

        Assert.Equal(["b", "c"], Names(left));
        Assert.Equal((PrestageState.Running, 1L), (after.Describe().Value.State, after.Describe().Value.CopiesDone));
    }

    [Fact]
    public async Task What_an_instance_holds_is_settled_and_as_much_more_is_given_out()
    {
        var job = await BegunAsync("held-1", "a", "held-2", "b");

        Assert.Equal(["a", "b"], Names(await job.TakeAsync("leaf", 2, None)));
        Assert.Equal(2, job.Describe().Value.CopiesDone);
    }

    [Fact]
    public async Task A_repeated_begin_changes_nothing()
    {
        var job = await BegunAsync("a");
        await job.TakeAsync("leaf", 1, None);

        var again = await job.BeginAsync(Request(), clock.GetUtcNow(), [Key("a"), Key("b")], None);

        Assert.Equal((PrestageState.Running, 1L), (again.Value.State, again.Value.CopiesTotal));
    }

    [Fact]
    public async Task A_job_that_has_ended_is_over_when_the_tree_knows_and_the_store_has_forgotten_it()
    {
        var job = await BegunAsync("a");
        await job.TakeAsync("leaf", 1, None);
        job.Settle(new PrestageProgress { Job = Id, Instance = "leaf", Failed = [Key("a")] });
        var over = new List<bool> { job.IsOver };
        job.Tell(job.Describe().Value);
        over.Add(job.IsOver);
        await job.KeepAsync(None);
        over.Add(job.IsOver);

        Assert.Equal([false, false, true], over);
        Assert.Empty(store.Records);
        Assert.Equal(CacheErrorCode.NotFound, (await NewAsync()).Describe().Error?.Code);
    }

    [Fact]
    public async Task A_cancelled_job_is_in_no_store_and_gives_out_nothing()
    {
        var job = await BegunAsync("a");

        var cancelled = await job.CancelAsync(None);

        Assert.Equal(PrestageState.Cancelled, cancelled.Value.State);
        Assert.Empty((await job.TakeAsync("leaf", 1, None)).Value.Keys);
        Assert.Empty(store.Records);
    }

    private async Task<PrestageJobHost> BegunAsync(params string[] keys)
    {
        var job = await NewAsync();
        Assert.True((await job.BeginAsync(Request(), clock.GetUtcNow(), [.. keys.Select(Key)], None)).IsOk);
        return job;
    }

    private async Task<PrestageJobHost> NewAsync()
    {
        var job = new PrestageJobHost(Id, store, new HeldByName(), clock);
        made.Add(job);
        Assert.Null(await job.LoadAsync(None));
        return job;
    }

    private static PrestageRequest Request() => new() { Selection = new KeySelection(), Instances = ["leaf"] };

    private static CacheKey Key(string name) => CacheKey.FromText(name);

    private static IEnumerable<string> Names(Result<PrestageWork> work) => work.Value.Keys.Select(k => k.ToString());

    // An instance holds what is called so.
    private sealed class HeldByName : IContentIndex
    {
        public Task<Result<IReadOnlyList<CacheKey>>> HeldAsync(string instance, IReadOnlyList<CacheKey> keys, CancellationToken cancellation) =>
            Task.FromResult(Results.Of<IReadOnlyList<CacheKey>>([.. keys.Where(k => k.ToString().StartsWith("held", StringComparison.Ordinal))]));

        public Task<Result<LocatedKeys>> LocateAsync(IReadOnlyList<CacheKey> keys, CancellationToken cancellation) => throw new NotSupportedException();

        public Task<Result<HolderSums>> SumAsync(IReadOnlyList<CacheKey> keys, CancellationToken cancellation) => throw new NotSupportedException();

        public Task<Result<IReadOnlyList<CacheKey>>> KeysAsync(KeyPrefix prefix, int keysMax, CancellationToken cancellation) => throw new NotSupportedException();
    }
}
