using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Instances;
using Hal.Cache.ControlPlane.Hosting;
using Hal.Cache.Testing.ControlPlane;
using Hal.Cache.Testing.Time;

namespace Hal.Cache.ControlPlane.Tests.Hosting;

public sealed class PersistenceTests
{
    private readonly MemoryControlPlaneStore store = new();
    private readonly ManualTimeProvider clock = new();

    [Fact]
    public async Task What_is_durable_is_there_after_a_restart_and_what_is_not_is_not()
    {
        string job, pin;
        await using (var plane = await StartAsync())
        {
            await RegisterAsync(plane);
            await plane.Topology.SetLinkAsync(new LinkSettings { From = "root", To = "leaf", Figures = new LinkFigures { LatencyMs = 7 } }, default);
            await plane.Topology.SetLinkAsync(new LinkSettings { From = "leaf", To = "root", Figures = new LinkFigures { LatencyMs = 8 } }, default);
            await plane.Topology.RemoveLinkAsync("leaf", "root", default);
            await plane.Ownership.ReleaseAsync("root", [new SlotRange(0, 99)], default);
            await plane.Scheduling.PutManifestAsync("m", [.. Keys(10_000)], default);
            await plane.Scheduling.PutManifestAsync("m", [.. Keys(9_000)], default);
            job = (await plane.Scheduling.PrestageAsync(new PrestageRequest { Selection = new KeySelection { Manifest = "m" }, Instances = ["leaf"] }, null, default)).Value.Job;
            pin = (await plane.Scheduling.PinAsync(new PinRequest { Instance = "leaf", Selection = new KeySelection { Manifest = "m" } }, null, default)).Value.Pin;
        }

        await using var again = await StartAsync();

        var links = (await again.Topology.ListLinksAsync(new PageRequest(), default)).Value.Items;
        Assert.Equal([("root", "leaf", 7.0)], links.Select(l => (l.From, l.To, l.Configured!.LatencyMs!.Value)));
        Assert.Equal([new SlotAssignment("root", 100, 16_383)], (await again.Ownership.ListAsync(default)).Value);
        Assert.Equal(9_000, (await again.Scheduling.GetManifestAsync("m", default)).Value.Keys);
        Assert.Equal(9_000, (await again.Scheduling.GetPrestageAsync(job, default)).Value.CopiesTotal);
        Assert.Equal(pin, (await again.Scheduling.ListPinsAsync("leaf", new PageRequest(), default)).Value.Items.Single().Pin);
        Assert.Empty((await again.Instances.ListAsync(new PageRequest(), default)).Value.Items);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(100_000)]
    public async Task A_pin_of_many_keys_outlives_the_control_plane_and_goes_whole(int count)
    {
        var selection = new KeySelection { Keys = [.. Keys(count)], Prefixes = [new KeyPrefix(CacheKey.FromText("p/"))] };
        await using (var plane = await StartAsync())
        {
            await RegisterAsync(plane);
            var made = await plane.Scheduling.PinAsync(new PinRequest { Instance = "leaf", Selection = selection }, null, default);
            Assert.True(made.IsOk, made.ToString());
            Assert.Equal(count, made.Value.Request.Selection.Keys.Count);
        }

        await using var again = await StartAsync();
        var pin = (await again.Scheduling.ListPinsAsync("leaf", new PageRequest(), default)).Value.Items.Single();
        await again.Scheduling.UnpinAsync(pin.Pin, default);

        Assert.Equal(selection.Keys, pin.Request.Selection.Keys);
        Assert.Equal(selection.Prefixes, pin.Request.Selection.Prefixes);
        Assert.Equal(count, pin.Keys);
        Assert.DoesNotContain(store.Records, r => r.Kind == StoredKind.Pin);
    }

    [Fact]
    public async Task A_pin_whose_parts_are_not_all_there_is_left_out()
    {
        await using (var plane = await StartAsync())
        {
            await RegisterAsync(plane);
            await plane.Scheduling.PinAsync(new PinRequest { Instance = "leaf", Selection = new KeySelection { Keys = [.. Keys(10_000)] } }, null, default);
        }
        var part = store.Records.First(r => r.Kind == StoredKind.Pin && r.Key.Contains('/', StringComparison.Ordinal));
        await store.DeleteAsync(StoredKind.Pin, part.Key, part.Version, default);

        await using var again = await StartAsync();

        Assert.Empty((await again.Scheduling.ListPinsAsync("leaf", new PageRequest(), default)).Value.Items);
    }

    [Fact]
    public async Task A_prestage_job_goes_on_after_a_restart_where_it_was()
    {
        string job;
        await using (var plane = await StartAsync())
        {
            await RegisterAsync(plane);
            job = (await plane.Scheduling.PrestageAsync(new PrestageRequest { Selection = new KeySelection { Keys = [.. Keys(100)] }, Instances = ["leaf", "root"] }, null, default)).Value.Job;
            var taken = (await plane.Scheduling.TakePrestageWorkAsync("leaf", 30, default)).Value.Single().Keys;
            await plane.Scheduling.ReportPrestageAsync(new PrestageProgress { Job = job, Instance = "leaf", Done = [.. taken.Skip(2).Take(20)], Failed = [.. taken.Take(2)] }, default);
            clock.Advance(TimeSpan.FromSeconds(2));
        }

        await using var again = await StartAsync();
        await RegisterAsync(again);
        var after = (await again.Scheduling.GetPrestageAsync(job, default)).Value;
        var rest = (await again.Scheduling.TakePrestageWorkAsync("leaf", 1000, default)).Value.Single().Keys;
        await again.Scheduling.ReportPrestageAsync(new PrestageProgress { Job = job, Instance = "leaf", Done = rest }, default);
        var others = (await again.Scheduling.TakePrestageWorkAsync("root", 1000, default)).Value.Single().Keys;
        await again.Scheduling.ReportPrestageAsync(new PrestageProgress { Job = job, Instance = "root", Done = others }, default);

        Assert.Equal((PrestageState.Running, 20L, 2L), (after.State, after.CopiesDone, after.CopiesFailed));
        Assert.Equal((78, 100), (rest.Count, others.Count));
        var ended = (await again.Scheduling.GetPrestageAsync(job, default)).Value;
        Assert.Equal((PrestageState.Failed, 198L, 2L), (ended.State, ended.CopiesDone, ended.CopiesFailed));
        clock.Advance(TimeSpan.FromSeconds(2));
        Assert.DoesNotContain(store.Records, r => r.Kind == StoredKind.Prestage);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_repeat_makes_nothing_new_whether_a_restart_or_a_lost_answer_lies_between(bool isLost)
    {
        var pin = new PinRequest { Instance = "leaf", Selection = new KeySelection { Keys = [.. Keys(10_000)] } };
        var job = new PrestageRequest { Selection = new KeySelection { Keys = [.. Keys(3)] }, Instances = ["leaf"] };
        await using (var plane = await StartAsync(keepInstances: true))
        {
            await RegisterAsync(plane);
            for (var answers = isLost ? 2 : 0; answers >= 0; answers--)
            {
                store.AnswersLost = answers;
                await plane.Scheduling.PinAsync(pin, "once", default);
                store.AnswersLost = answers;
                await plane.Scheduling.PrestageAsync(job, "and once", default);
            }
            store.AnswersLost = 0;
            clock.Advance(TimeSpan.FromSeconds(2));
        }
        var records = store.Records.Where(r => r.Kind is StoredKind.Pin or StoredKind.Prestage).Select(r => r.Key).Order(StringComparer.Ordinal).ToArray();

        await using var again = await StartAsync(keepInstances: true);
        await RegisterAsync(again);
        var pinned = await again.Scheduling.PinAsync(pin, "once", default);
        var begun = await again.Scheduling.PrestageAsync(job, "and once", default);
        var other = await again.Scheduling.PinAsync(pin with { Selection = new KeySelection() }, "once", default);

        Assert.Equal(records, store.Records.Where(r => r.Kind is StoredKind.Pin or StoredKind.Prestage).Select(r => r.Key).Order(StringComparer.Ordinal));
        Assert.Equal(pinned.Value.Pin, (await again.Scheduling.ListPinsAsync(null, new PageRequest(), default)).Value.Items.Single().Pin);
        Assert.Equal(begun.Value.Job, (await again.Scheduling.ListPrestagesAsync(new PageRequest(), default)).Value.Items.Single().Job);
        Assert.Equal(CacheErrorCode.Conflict, other.Error?.Code);
    }

    [Fact]
    public async Task What_is_removed_or_ended_leaves_nothing_in_the_store()
    {
        await using var plane = await StartAsync();
        await RegisterAsync(plane);
        await plane.Scheduling.PutManifestAsync("m", [.. Keys(10_000)], default);
        var job = (await plane.Scheduling.PrestageAsync(new PrestageRequest { Selection = new KeySelection { Manifest = "m" }, Instances = ["leaf"] }, null, default)).Value;
        await plane.Scheduling.CancelPrestageAsync(job.Job, default);
        await plane.Scheduling.RemoveManifestAsync("m", default);
        await plane.Scheduling.PinAsync(new PinRequest { Instance = "leaf", Selection = new KeySelection(), ExpiresAt = clock.GetUtcNow().AddSeconds(1) }, null, default);
        clock.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal([StoredKind.Slots], store.Records.Select(r => r.Kind));
    }

    [Fact]
    public async Task A_write_that_the_store_does_not_take_changes_nothing()
    {
        await using var plane = await StartAsync();
        await RegisterAsync(plane);
        store.Failure = new CacheError(CacheErrorCode.Unavailable, "the store is away");
        var link = await plane.Topology.SetLinkAsync(new LinkSettings { From = "root", To = "leaf", Figures = new LinkFigures { LatencyMs = 7 } }, default);
        var release = await plane.Ownership.ReleaseAsync("root", [new SlotRange(0, 0)], default);
        var manifest = await plane.Scheduling.PutManifestAsync("m", [.. Keys(1)], default);

        Assert.Equal([CacheErrorCode.Unavailable, CacheErrorCode.Unavailable, CacheErrorCode.Unavailable], new[] { link.Error?.Code, release.Error?.Code, manifest.Error?.Code });
        Assert.All((await plane.Topology.ListLinksAsync(new PageRequest(), default)).Value.Items, l => Assert.Null(l.Configured));
        Assert.Equal([new SlotAssignment("root", 0, 16_383)], (await plane.Ownership.ListAsync(default)).Value);
        Assert.False((await plane.Scheduling.GetManifestAsync("m", default)).IsOk);
    }

    [Fact]
    public async Task A_store_that_is_away_or_damaged_stops_the_start_with_a_clear_error()
    {
        store.Failure = new CacheError(CacheErrorCode.Unavailable, "the store is away");
        var away = await InProcessControlPlane.StartAsync(new ControlPlaneOptions(), store, clock, new Random(1), default);
        store.Failure = null;
        await store.PutAsync(StoredKind.Link, "x y", "{"u8.ToArray(), 0, default);
        var damaged = await InProcessControlPlane.StartAsync(new ControlPlaneOptions(), store, clock, new Random(1), default);

        Assert.Equal((CacheErrorCode.Unavailable, CacheErrorCode.Corrupt), (away.Error!.Code, damaged.Error!.Code));
    }

    [Fact]
    public async Task Registrations_are_kept_where_that_is_wanted_and_forgotten_with_the_instance()
    {
        await using (var plane = await StartAsync(keepInstances: true))
        {
            await RegisterAsync(plane);
            store.Failure = new CacheError(CacheErrorCode.Unavailable, "the store is away");
            clock.Advance(TimeSpan.FromSeconds(1));
            store.Failure = null;
            clock.Advance(TimeSpan.FromSeconds(1));
        }

        await using var again = await StartAsync(keepInstances: true);
        var kept = (await again.Instances.ListAsync(new PageRequest(), default)).Value.Items;
        var heard = await again.Instances.HeartbeatAsync(new Heartbeat { Instance = "leaf", Epoch = 1, Number = 1 }, default);
        var links = (await again.Topology.ListLinksAsync(new PageRequest(), default)).Value.Items;
        var registered = await again.Instances.RegisterAsync(kept[0].Registration with { Sequence = 7 }, default);
        await again.Instances.RemoveAsync("leaf", null, default);
        clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal([("leaf", "root", InstanceState.Suspect), ("root", null, InstanceState.Suspect)], kept.Select(i => (i.Registration.Name, i.Registration.Parent, i.State)));
        Assert.Equal(CacheErrorCode.NotFound, heard.Error?.Code);
        Assert.Equal((7L, true), (registered.Value.AppliedSequence, registered.Value.DigestWanted));
        Assert.Equal(2, links.Count);
        Assert.Equal(["root"], store.Records.Where(r => r.Kind == StoredKind.Instance).Select(r => r.Key));
    }

    private async Task<InProcessControlPlane> StartAsync(bool keepInstances = false) =>
        (await InProcessControlPlane.StartAsync(new ControlPlaneOptions { KeepInstances = keepInstances }, store, clock, new Random(1), default)).Value;

    private static async Task RegisterAsync(InProcessControlPlane plane)
    {
        await plane.Instances.RegisterAsync(new InstanceRegistration { Name = "root", Role = InstanceRole.Root, Silo = "s", Epoch = 1, RespAddress = "x:1" }, default);
        await plane.Instances.RegisterAsync(new InstanceRegistration { Name = "leaf", Role = InstanceRole.Leaf, Parent = "root", Silo = "s", Epoch = 1, RespAddress = "x:2" }, default);
    }

    private static IEnumerable<CacheKey> Keys(int count) => Enumerable.Range(0, count).Select(i => CacheKey.FromText($"dataset/{i}"));
}
