using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ContractSuites.ControlPlane;

public abstract class EventsContract : ControlPlaneContract
{
    [Fact]
    public async Task Report_answers_how_far_it_has_taken_and_skips_what_it_has()
    {
        await RegisterTreeAsync();
        var first = (await ReportAsync(Adds("leaf-1", 1, ("a", 1, 1)), Removes("leaf-1", 2, "a"))).Value;
        var again = (await ReportAsync(Adds("leaf-1", 1, ("a", 1, 1)))).Value;

        Assert.Equal((2L, 2L), (first.AppliedSequence, again.AppliedSequence));
        Assert.Empty(await HoldersAsync("a"));
    }

    [Fact]
    public async Task A_gap_is_noticed_and_digests_are_wanted_until_they_are_equal()
    {
        await RegisterTreeAsync();
        await VerifyAsync("leaf-1", 0);
        var whole = (await ReportAsync(Adds("leaf-1", 1, ("a", 1, 1)))).Value;
        var gap = (await ReportAsync(Removes("leaf-1", 3, "a"))).Value;
        await VerifyAsync("leaf-1", 3);
        var repaired = (await ReportAsync(Adds("leaf-1", 4, ("a", 1, 1)))).Value;

        Assert.Equal((false, true, false), (whole.DigestWanted, gap.DigestWanted, repaired.DigestWanted));
    }

    [Fact]
    public async Task Events_of_a_dead_epoch_or_from_the_future_are_refused_and_change_nothing()
    {
        await RegisterAsync("root", null);
        await RegisterAsync("leaf-1", "root", epoch: 5);

        foreach (var epoch in new[] { 4, 6 })
        {
            var change = Adds("leaf-1", 1, ("a", 1, 1)) with { Epoch = epoch };
            AssertError(CacheErrorCode.StaleEpoch, await Plane.Events.ReportAsync(new EventBatch { Instance = "leaf-1", Epoch = epoch, Events = [change] }, None));
        }
        Assert.Empty(await HoldersAsync("a"));
    }

    [Fact]
    public async Task A_new_epoch_begins_its_sequence_anew_and_its_content_is_in_doubt()
    {
        await RegisterTreeAsync();
        await HoldAsync("leaf-1", 7, ("a", 1, 1));
        var lease = (await RegisterAsync("leaf-1", "branch", epoch: 2)).Value;
        var change = Adds("leaf-1", 1, ("b", 1, 1)) with { Epoch = 2 };
        var reply = await Plane.Events.ReportAsync(new EventBatch { Instance = "leaf-1", Epoch = 2, Events = [change] }, None);

        Assert.Equal((0L, true, 1L), (lease.AppliedSequence, lease.DigestWanted, reply.Value.AppliedSequence));
        Assert.Equal(["leaf-1"], await HoldersAsync("a"));
    }

    [Fact]
    public async Task A_clock_that_is_far_ahead_is_told_and_its_time_replaced()
    {
        await RegisterTreeAsync();
        var now = Clock.GetUtcNow();
        var reply = (await ReportAsync(Adds("leaf-1", 1, ("a", 1, 1)) with { Timestamp = now.AddDays(1) })).Value;
        var seen = await ReadAsync(new Subscription { AfterPosition = 0 }, 2);

        Assert.Equal(86_400_000, reply.ClockAheadMs);
        Assert.Equal(now, seen[1].Event!.Timestamp);
    }

    public static TheoryData<string> Broken => ["sizes", "versions", "reasons", "negative", "falling", "stranger", "keys", "mark", "database"];

    [Theory]
    [MemberData(nameof(Broken))]
    public async Task A_batch_that_breaks_a_rule_is_refused_as_a_whole(string how)
    {
        await RegisterTreeAsync();
        var good = Adds("leaf-1", 1, ("good", 1, 1));
        var bad = Adds("leaf-1", 2, ("a", 1, 1));
        var batch = new EventBatch { Instance = "leaf-1", Epoch = 1, Events = [good, bad] };
        batch = how switch
        {
            "sizes" => batch with { Events = [good, bad with { KeySizes = [] }] },
            "versions" => batch with { Events = [good, bad with { KeyVersions = [1, 2] }] },
            "reasons" => batch with { Events = [good, bad with { RemovalReasons = [Contracts.Storage.RemovalReason.Expired] }] },
            "negative" => batch with { Events = [good, bad with { KeySizes = [-1] }] },
            "falling" => batch with { Events = [good, bad with { Sequence = 1 }] },
            "stranger" => batch with { Events = [good, bad with { Instance = "leaf-2" }] },
            "keys" => batch with { Events = [good, Removes("leaf-1", 2, [.. Enumerable.Repeat("k", ControlPlaneLimits.BatchKeysMax + 1)])] },
            "mark" => batch with { Marks = [new RepairMark { Sequence = 3, Begins = true, Slots = [new SlotRange(0, 16_384)] }] },
            _ => batch with { Events = [good, bad with { KeysAdded = [new CacheKey(new byte[1], 70_000)] }] },
        };

        AssertError(CacheErrorCode.Invalid, await Plane.Events.ReportAsync(batch, None));
        Assert.Empty(await HoldersAsync("good"));
    }

    [Fact]
    public async Task Subscribers_see_every_event_in_order_with_rising_positions()
    {
        await RegisterTreeAsync();
        await HoldAsync("leaf-1", 1, ("a", 1, 1));
        await HoldAsync("leaf-2", 1, ("b", 1, 1));
        await ReportAsync(Removes("leaf-1", 2, "a"));
        var seen = await ReadAsync(new Subscription { AfterPosition = 0 }, 4);

        Assert.Equal(StreamNoticeKind.Started, seen[0].Notice?.Kind);
        Assert.Equal([("leaf-1", 1L), ("leaf-2", 1L), ("leaf-1", 2L)], seen.Skip(1).Select(s => (s.Event!.Instance, s.Event.Sequence)));
        Assert.Equal([1L, 2, 3], seen.Skip(1).Select(s => s.Position));
    }

    [Fact]
    public async Task A_subscriber_resumes_after_the_position_that_it_has_seen()
    {
        await RegisterTreeAsync();
        for (var sequence = 1; sequence <= 5; sequence++) await HoldAsync("leaf-1", sequence, ($"k{sequence}", 1, 1));
        var first = await ReadAsync(new Subscription { AfterPosition = 0 }, 3);
        var rest = await ReadAsync(new Subscription { AfterPosition = first[^1].Position, LogId = first[^1].LogId }, 4);

        Assert.Equal(["k3", "k4", "k5"], rest.Skip(1).Select(s => s.Event!.KeysAdded[0].ToString()));
    }

    [Fact]
    public async Task A_position_of_another_log_is_answered_with_a_notice_and_everything_kept()
    {
        await RegisterTreeAsync();
        await HoldAsync("leaf-1", 1, ("a", 1, 1));
        var seen = await ReadAsync(new Subscription { AfterPosition = 100, LogId = "former" }, 2);

        Assert.Equal(StreamNoticeKind.OtherLog, seen[0].Notice?.Kind);
        Assert.Equal(1, seen[1].Position);
    }

    [Fact]
    public async Task A_subscriber_sees_what_comes_after_it_began_and_only_what_it_wants()
    {
        await RegisterTreeAsync();
        await HoldAsync("leaf-1", 1, ("data/before", 1, 1));
        using var limit = new CancellationTokenSource(Patience);
        await using var stream = Plane.Events.SubscribeAsync(new Subscription { Instance = "leaf-1", Prefix = new KeyPrefix(Key("data/")) }, limit.Token).GetAsyncEnumerator(limit.Token);
        Assert.True(await stream.MoveNextAsync());
        var next = stream.MoveNextAsync().AsTask();
        await HoldAsync("leaf-2", 1, ("data/other", 1, 1));
        await HoldAsync("leaf-1", 2, ("else", 1, 1));
        await HoldAsync("leaf-1", 3, ("data/after", 1, 1));

        Assert.True(await next.WaitAsync(Patience));
        Assert.Equal("data/after", stream.Current.Event!.KeysAdded.Single().ToString());
    }

    [Fact]
    public async Task Digests_are_compared_only_at_the_sequence_that_was_taken()
    {
        await RegisterTreeAsync();
        await HoldAsync("leaf-1", 1, ("a", 1, 1));
        var other = (await CompareAsync("leaf-1", 0, DigestLevel.Record, [new ContentDigest(0, 0)])).Value;
        var differs = (await CompareAsync("leaf-1", 1, DigestLevel.Slot, [new ContentDigest(15_495, 0), new ContentDigest(0, 0), new ContentDigest(1, null)])).Value;

        Assert.Equal((false, 1L), (other.Compared, other.AppliedSequence));
        Assert.Equal([15_495, 1], differs.Differing);
        AssertError(CacheErrorCode.Invalid, await CompareAsync("leaf-1", 1, DigestLevel.Slot, [new ContentDigest(16_384, 0)]));
    }

    [Fact]
    public async Task A_repair_drops_what_was_not_told_in_its_slots_and_tells_subscribers()
    {
        await RegisterTreeAsync();
        // a and c lie in slots 15495 and 7365, b in 3300.
        await HoldAsync("leaf-1", 1, ("a", 1, 1), ("b", 1, 1), ("c", 1, 1));
        await Plane.Events.ReportAsync(
            new EventBatch
            {
                Instance = "leaf-1",
                Epoch = 1,
                Events = [Adds("leaf-1", 3, ("c", 1, 1))],
                Marks = [Begin(2, 7365, 16_383), new RepairMark { Sequence = 4, Begins = false }],
            },
            None);
        var seen = await ReadAsync(new Subscription { AfterPosition = 1 }, 2);

        Assert.Empty(await HoldersAsync("a"));
        Assert.Equal((1, 1), ((await HoldersAsync("b")).Count, (await HoldersAsync("c")).Count));
        Assert.Equal(["a"], seen[1].Event!.KeysEvicted.Select(k => k.ToString()));
    }

    [Fact]
    public async Task A_repair_in_which_something_is_missing_drops_nothing()
    {
        await RegisterTreeAsync();
        await HoldAsync("leaf-1", 1, ("a", 1, 1));
        await Plane.Events.ReportAsync(new EventBatch { Instance = "leaf-1", Epoch = 1, Marks = [Begin(2, 0, 16_383)] }, None);
        await Plane.Events.ReportAsync(new EventBatch { Instance = "leaf-1", Epoch = 1, Marks = [new RepairMark { Sequence = 4, Begins = false }] }, None);

        Assert.Equal(["leaf-1"], await HoldersAsync("a"));
    }

    private static RepairMark Begin(long sequence, int first, int last) => new() { Sequence = sequence, Begins = true, Slots = [new SlotRange(first, last)] };

    private Task<Result<DigestReply>> CompareAsync(string instance, long sequence, DigestLevel level, IReadOnlyList<ContentDigest> digests) =>
        Plane.Events.CompareDigestsAsync(new DigestQuery { Instance = instance, Epoch = 1, Sequence = sequence, Level = level, Digests = digests }, None);

    // Of an instance that holds nothing: every digest is 0.
    private async Task VerifyAsync(string instance, long sequence)
    {
        var reply = await CompareAsync(instance, sequence, DigestLevel.Record, [.. Enumerable.Range(0, 256).Select(r => new ContentDigest(r, 0))]);
        Assert.True(reply.Value.Compared && reply.Value.Differing.Count == 0);
    }

    private async Task<List<StreamItem>> ReadAsync(Subscription subscription, int count)
    {
        var items = new List<StreamItem>();
        using var limit = new CancellationTokenSource(Patience);
        await foreach (var item in Plane.Events.SubscribeAsync(subscription, limit.Token))
        {
            items.Add(item);
            if (items.Count == count) break;
        }
        Assert.Equal(count, items.Count);
        return items;
    }
}
