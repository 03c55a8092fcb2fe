using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ContractSuites.ControlPlane;

public abstract class SchedulingContract : ControlPlaneContract
{
    [Fact]
    public async Task Affinity_ranks_candidates_by_how_warm_they_are()
    {
        await RegisterTreeAsync();
        await HoldAsync("root", 1, ("a", 1_000_000, 1), ("b", 2_000_000, 1));
        await HoldAsync("leaf-2", 1, ("b", 2_000_000, 1));
        await LinkAsync("root", "branch", 0, 1e6, money: 0);
        await LinkAsync("branch", "leaf-1", 0, 1e6);
        await LinkAsync("branch", "leaf-2", 0, 1e6);
        await LinkAsync("leaf-2", "branch", 0, 1e3);
        var report = (await AffinityAsync(["a", "b", "a", "unknown"], "leaf-1", "leaf-2")).Value;

        Assert.Equal((3L, 3_000_000L, 1L), (report.Keys, report.Bytes, report.KeysUnknown));
        Assert.Equal(["leaf-2", "leaf-1"], report.Candidates.Select(c => c.Instance));
        var warm = report.Candidates[0];
        Assert.Equal((1, 1L, 2_000_000L, 1_000_000L), (warm.Rank, warm.KeysLocal, warm.BytesLocal, warm.BytesMissing));
        Assert.Equal(1, warm.WarmSeconds, 6);
        Assert.Equal(3, report.Candidates[1].WarmSeconds, 6);
        Assert.InRange(warm.Score, report.Candidates[1].Score, 1);
    }

    [Fact]
    public async Task Affinity_of_what_is_all_local_is_one_and_old_versions_do_not_count()
    {
        await RegisterTreeAsync();
        await HoldAsync("root", 1, ("a", 10, 2));
        await HoldAsync("leaf-1", 1, ("a", 10, 1));
        await HoldAsync("leaf-2", 1, ("a", 10, 2));
        var candidates = (await AffinityAsync(["a"])).Value.Candidates.ToDictionary(c => c.Instance);

        Assert.Equal((1.0, 10L), (candidates["leaf-2"].Score, candidates["leaf-2"].BytesLocal));
        Assert.Equal((0L, 10L), (candidates["leaf-1"].BytesLocal, candidates["leaf-1"].BytesMissing));
        Assert.Equal(4, candidates.Count);
    }

    [Fact]
    public async Task Affinity_takes_prefixes_and_manifests_too()
    {
        await RegisterTreeAsync();
        await HoldAsync("root", 1, ("data/1", 10, 1), ("data/2", 10, 1), ("x", 10, 1), ("y", 10, 1));
        var stored = await Plane.Scheduling.PutManifestAsync("job", [Key("x"), Key("data/1")], None);
        var selection = new KeySelection { Prefixes = [new KeyPrefix(Key("data/"))], Manifest = "job" };
        var report = (await Plane.Scheduling.AffinityAsync(new AffinityRequest { Selection = selection }, None)).Value;

        Assert.Equal((2, 3L), (stored.Value.Keys, report.Keys));
        Assert.Equal("root", report.Candidates[0].Instance);
    }

    [Fact]
    public async Task Affinity_refuses_unknown_candidates_and_manifests()
    {
        await RegisterTreeAsync();

        AssertError(CacheErrorCode.NotFound, await AffinityAsync(["a"], "nobody"));
        AssertError(CacheErrorCode.NotFound, await Plane.Scheduling.AffinityAsync(new AffinityRequest { Selection = new KeySelection { Manifest = "none" } }, None));
        var prefixes = Enumerable.Repeat(new KeyPrefix(Key("a")), ControlPlaneLimits.SelectionPrefixesMax + 1).ToArray();
        AssertError(CacheErrorCode.Invalid, await Plane.Scheduling.AffinityAsync(new AffinityRequest { Selection = new KeySelection { Prefixes = prefixes } }, None));
    }

    [Fact]
    public async Task Manifests_are_replaced_and_removed()
    {
        await Plane.Scheduling.PutManifestAsync("m", [Key("a")], None);
        await Plane.Scheduling.PutManifestAsync("m", [Key("a"), Key("b")], None);
        var replaced = (await Plane.Scheduling.GetManifestAsync("m", None)).Value;
        await Plane.Scheduling.RemoveManifestAsync("m", None);

        Assert.Equal(2, replaced.Keys);
        AssertError(CacheErrorCode.NotFound, await Plane.Scheduling.GetManifestAsync("m", None));
        AssertError(CacheErrorCode.Invalid, await Plane.Scheduling.PutManifestAsync("no/name", [], None));
    }

    [Fact]
    public async Task Prestage_gives_out_what_an_instance_lacks_and_ends_when_all_is_told()
    {
        await RegisterTreeAsync();
        await HoldAsync("leaf-1", 1, ("a", 10, 1));
        var job = (await PrestageAsync(["a", "b", "c"])).Value;
        var work = (await Plane.Scheduling.TakePrestageWorkAsync("leaf-1", 10, None)).Value.Single();
        await Plane.Scheduling.ReportPrestageAsync(new PrestageProgress { Job = job.Job, Instance = "leaf-1", Done = [Key("b")] }, None);
        var half = (await Plane.Scheduling.GetPrestageAsync(job.Job, None)).Value;
        await Plane.Scheduling.ReportPrestageAsync(new PrestageProgress { Job = job.Job, Instance = "leaf-1", Done = [Key("c"), Key("b")] }, None);
        var done = (await Plane.Scheduling.GetPrestageAsync(job.Job, None)).Value;

        Assert.Equal((PrestageState.Waiting, 3L), (job.State, job.CopiesTotal));
        Assert.Equal(["b", "c"], work.Keys.Select(k => k.ToString()));
        Assert.Equal((PrestageState.Running, 2L), (half.State, half.CopiesDone));
        Assert.Equal((PrestageState.Done, 3L), (done.State, done.CopiesDone));
        Assert.Empty((await Plane.Scheduling.TakePrestageWorkAsync("leaf-1", 10, None)).Value);
    }

    [Fact]
    public async Task Prestage_gives_keys_out_again_when_nothing_is_heard_of_them()
    {
        await RegisterTreeAsync();
        await PrestageAsync(["a"]);
        var first = (await Plane.Scheduling.TakePrestageWorkAsync("leaf-1", 10, None)).Value.Single();
        var meanwhile = (await Plane.Scheduling.TakePrestageWorkAsync("leaf-1", 10, None)).Value;
        Clock.Advance(TimeSpan.FromMilliseconds(first.TakenForMs + 1));
        await RegisterAsync("leaf-1", "branch");
        var again = (await Plane.Scheduling.TakePrestageWorkAsync("leaf-1", 10, None)).Value.Single();

        Assert.Empty(meanwhile);
        Assert.Equal(first.Keys, again.Keys);
    }

    [Fact]
    public async Task Prestage_goes_by_priority_then_deadline()
    {
        await RegisterTreeAsync();
        var now = Clock.GetUtcNow();
        await PrestageAsync(["low"], r => r with { Priority = 1 });
        await PrestageAsync(["late"], r => r with { Deadline = now.AddHours(2) });
        await PrestageAsync(["soon"], r => r with { Deadline = now.AddHours(1), BandwidthBytesPerSecond = 1000 });
        await PrestageAsync(["high"], r => r with { Priority = 100 });
        var work = (await Plane.Scheduling.TakePrestageWorkAsync("leaf-1", 10, None)).Value;

        Assert.Equal(["high", "soon", "late", "low"], work.Select(w => w.Keys.Single().ToString()));
        Assert.Equal(1000, work[1].BandwidthBytesPerSecond);
    }

    [Fact]
    public async Task Prestage_fails_where_a_key_could_not_be_fetched_and_expires_at_its_deadline()
    {
        await RegisterTreeAsync();
        var failing = (await PrestageAsync(["a"])).Value;
        await Plane.Scheduling.TakePrestageWorkAsync("leaf-1", 10, None);
        await Plane.Scheduling.ReportPrestageAsync(new PrestageProgress { Job = failing.Job, Instance = "leaf-1", Failed = [Key("a")] }, None);
        var expiring = (await PrestageAsync(["b"], r => r with { Deadline = Clock.GetUtcNow().AddSeconds(2) })).Value;
        Clock.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal(PrestageState.Failed, (await Plane.Scheduling.GetPrestageAsync(failing.Job, None)).Value.State);
        Assert.Equal(PrestageState.Expired, (await Plane.Scheduling.GetPrestageAsync(expiring.Job, None)).Value.State);
    }

    [Fact]
    public async Task Prestage_is_cancelled_once_and_for_good()
    {
        await RegisterTreeAsync();
        var job = (await PrestageAsync(["a"])).Value;
        var first = (await Plane.Scheduling.CancelPrestageAsync(job.Job, None)).Value;
        Clock.Advance(TimeSpan.FromSeconds(1));
        var second = (await Plane.Scheduling.CancelPrestageAsync(job.Job, None)).Value;

        Assert.Equal((PrestageState.Cancelled, first.EndedAt), (second.State, second.EndedAt));
        Assert.Empty((await Plane.Scheduling.TakePrestageWorkAsync("leaf-1", 10, None)).Value);
        AssertError(CacheErrorCode.NotFound, await Plane.Scheduling.CancelPrestageAsync("none", None));
    }

    [Fact]
    public async Task Prestage_under_one_idempotency_key_is_one_job()
    {
        await RegisterTreeAsync();
        var first = (await PrestageAsync(["a"], idempotencyKey: "once")).Value;
        var again = (await PrestageAsync(["a"], idempotencyKey: "once")).Value;

        Assert.Equal(first.Job, again.Job);
        AssertError(CacheErrorCode.Conflict, await PrestageAsync(["b"], idempotencyKey: "once"));
        Assert.Single((await Plane.Scheduling.ListPrestagesAsync(new PageRequest(), None)).Value.Items);
    }

    [Fact]
    public async Task An_idempotency_key_may_be_in_any_language()
    {
        await RegisterTreeAsync();

        var first = (await PrestageAsync(["a"], idempotencyKey: "Auftrag für 東京 1")).Value;
        var again = (await PrestageAsync(["a"], idempotencyKey: "Auftrag für 東京 1")).Value;

        Assert.Equal(first.Job, again.Job);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" job")]
    [InlineData("job ")]
    [InlineData("job\r\nX-Other: 1")]
    [InlineData("job\t1")]
    public async Task An_idempotency_key_that_no_header_carries_is_Invalid_and_makes_nothing(string key)
    {
        await RegisterTreeAsync();

        AssertError(CacheErrorCode.Invalid, await PrestageAsync(["a"], idempotencyKey: key));
        Assert.Empty((await Plane.Scheduling.ListPrestagesAsync(new PageRequest(), None)).Value.Items);
    }

    [Fact]
    public async Task Prestage_refuses_what_makes_no_sense()
    {
        await RegisterTreeAsync();

        AssertError(CacheErrorCode.NotFound, await PrestageAsync(["a"], r => r with { Instances = ["nobody"] }));
        AssertError(CacheErrorCode.Invalid, await PrestageAsync(["a"], r => r with { Instances = [] }));
        AssertError(CacheErrorCode.Invalid, await PrestageAsync(["a"], r => r with { Priority = 101 }));
        AssertError(CacheErrorCode.Invalid, await PrestageAsync(["a"], r => r with { Deadline = Clock.GetUtcNow() }));
        AssertError(CacheErrorCode.Invalid, await PrestageAsync(["a"], r => r with { BandwidthBytesPerSecond = 0 }));
    }

    [Fact]
    public async Task Prestages_are_listed_newest_first_in_pages()
    {
        await RegisterTreeAsync();
        var made = new List<string>();
        for (var i = 0; i < 5; i++) made.Add((await PrestageAsync([$"k{i}"])).Value.Job);
        var first = (await Plane.Scheduling.ListPrestagesAsync(new PageRequest(null, 3), None)).Value;
        var rest = (await Plane.Scheduling.ListPrestagesAsync(new PageRequest(first.Next, 3), None)).Value;

        Assert.Equal(Enumerable.Reverse(made), first.Items.Concat(rest.Items).Select(j => j.Job));
        Assert.Null(rest.Next);
    }

    [Fact]
    public async Task Pins_are_kept_until_they_are_taken_back_or_end()
    {
        await RegisterTreeAsync();
        var kept = (await PinAsync("leaf-1", null, "once")).Value;
        var same = (await PinAsync("leaf-1", null, "once")).Value;
        await PinAsync("leaf-2", Clock.GetUtcNow().AddSeconds(2), null);
        var before = (await Plane.Scheduling.ListPinsAsync(null, new PageRequest(), None)).Value.Items.Count;
        Clock.Advance(TimeSpan.FromSeconds(4));
        var afterEnd = (await Plane.Scheduling.ListPinsAsync(null, new PageRequest(), None)).Value.Items;
        await Plane.Scheduling.UnpinAsync(kept.Pin, None);
        await Plane.Scheduling.UnpinAsync(kept.Pin, None);

        Assert.Equal((kept.Pin, 2), (same.Pin, before));
        Assert.Equal([kept.Pin], afterEnd.Select(p => p.Pin));
        Assert.Empty((await Plane.Scheduling.ListPinsAsync("leaf-1", new PageRequest(), None)).Value.Items);
    }

    [Fact]
    public async Task A_lease_tells_of_prestage_work_and_of_changed_pins()
    {
        await RegisterTreeAsync();
        var before = (await RegisterAsync("leaf-1", "branch")).Value;
        await PrestageAsync(["a"]);
        await PinAsync("leaf-1", null, null);
        var after = (await RegisterAsync("leaf-1", "branch")).Value;

        Assert.Equal((false, true), (before.PrestageWaiting, after.PrestageWaiting));
        Assert.True(after.PinsRevision > before.PinsRevision);
    }

    [Fact]
    public async Task Pins_that_would_keep_more_than_half_of_an_instances_store_are_refused()
    {
        await RegisterTreeAsync();
        await HoldAsync("root", 1, ("a", 300, 1), ("b", 300, 1), ("p/1", 100, 1), ("p/2", 50, 1));

        var first = await PinAsync("leaf-1", new KeySelection { Keys = [Key("a")], Prefixes = [new KeyPrefix(Key("p/"))] });
        var second = await PinAsync("leaf-1", new KeySelection { Keys = [Key("b")] });
        var elsewhere = await PinAsync("leaf-2", new KeySelection { Keys = [Key("b")] });
        await Plane.Scheduling.UnpinAsync(first.Value.Pin, None);
        var again = await PinAsync("leaf-1", new KeySelection { Keys = [Key("b"), Key("unknown")] });

        Assert.Equal((3, 450), (first.Value.Keys, first.Value.Bytes));
        AssertError(CacheErrorCode.NoRoom, second);
        Assert.Contains("PinnedShareMax", second.Error!.Message, StringComparison.Ordinal);
        Assert.True(elsewhere.IsOk);
        Assert.Equal((2, 300), (again.Value.Keys, again.Value.Bytes));
    }

    [Fact]
    public async Task A_lease_tells_when_a_pinned_manifest_has_other_keys()
    {
        await RegisterTreeAsync();
        await Plane.Scheduling.PutManifestAsync("m", [Key("a")], None);
        await PinAsync("leaf-1", new KeySelection { Manifest = "m" });
        var before = (await RegisterAsync("leaf-1", "branch")).Value.PinsRevision;
        await Plane.Scheduling.PutManifestAsync("m", [Key("b")], None);
        var after = (await RegisterAsync("leaf-1", "branch")).Value.PinsRevision;

        Assert.True(after > before, $"{after} is not above {before}");
    }

    [Fact]
    public async Task The_keys_of_a_manifest_come_in_pages()
    {
        await Plane.Scheduling.PutManifestAsync("m", [.. Enumerable.Range(0, 5).Select(i => Key($"k{i}"))], None);

        var first = (await Plane.Scheduling.ListManifestKeysAsync("m", new PageRequest(null, 3), None)).Value;
        var rest = (await Plane.Scheduling.ListManifestKeysAsync("m", new PageRequest(first.Next, 3), None)).Value;

        Assert.Equal(["k0", "k1", "k2", "k3", "k4"], first.Items.Concat(rest.Items).Select(k => $"{k}"));
        Assert.Null(rest.Next);
        AssertError(CacheErrorCode.NotFound, await Plane.Scheduling.ListManifestKeysAsync("none", new PageRequest(), None));
        AssertError(CacheErrorCode.Invalid, await Plane.Scheduling.ListManifestKeysAsync("m", new PageRequest("x"), None));
    }

    [Fact]
    public async Task A_prestage_job_without_a_priority_has_the_normal_one()
    {
        await RegisterTreeAsync();

        Assert.Equal(PrestageRequest.PriorityNormal, (await PrestageAsync(["a"], r => r with { Priority = null })).Value.Priority);
        Assert.Equal(0, (await PrestageAsync(["a"], r => r with { Priority = 0 })).Value.Priority);
    }

    private Task<Result<PinInfo>> PinAsync(string instance, KeySelection selection) =>
        Plane.Scheduling.PinAsync(new PinRequest { Instance = instance, Selection = selection }, null, None);

    private Task<Result<AffinityReport>> AffinityAsync(string[] keys, params string[] candidates) => Plane.Scheduling.AffinityAsync(
        new AffinityRequest { Selection = new KeySelection { Keys = [.. keys.Select(Key)] }, Candidates = candidates }, None);

    private Task<Result<PrestageInfo>> PrestageAsync(string[] keys, Func<PrestageRequest, PrestageRequest>? change = null, string? idempotencyKey = null)
    {
        var request = new PrestageRequest { Selection = new KeySelection { Keys = [.. keys.Select(Key)] }, Instances = ["leaf-1"] };
        return Plane.Scheduling.PrestageAsync(change?.Invoke(request) ?? request, idempotencyKey, None);
    }

    private Task<Result<PinInfo>> PinAsync(string instance, DateTimeOffset? expiresAt, string? idempotencyKey) => Plane.Scheduling.PinAsync(
        new PinRequest { Instance = instance, Selection = new KeySelection { Keys = [Key("a")] }, ExpiresAt = expiresAt }, idempotencyKey, None);
}
