using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Instances;
using Hal.Cache.ControlPlane.Instances;
using Hal.Cache.ControlPlane.Ownership;
using Hal.Cache.ControlPlane.Sharding;
using Hal.Cache.Testing.Time;

namespace Hal.Cache.ControlPlane.Tests.Sharding;

public sealed class ShardTests
{
    [Fact]
    public void A_record_passes_over_what_comes_later_than_a_later_part()
    {
        var record = new RecordShard(0, "life", new ManualTimeProvider());
        var key = ShardedInstance.KeyIn(0);
        record.Take(Part(1, RecordChangeKind.Set, 10), [key]);
        record.Take(Part(2, RecordChangeKind.Remove, 0), [key]);

        var late = record.Take(Part(1, RecordChangeKind.Set, 10), [key]);
        var other = record.Take(Part(1, RecordChangeKind.Set, 10) with { Feed = "another" }, [key]);

        Assert.Equal((0L, 0L), (late.KeysAdded, late.Share.Keys));
        Assert.Equal((1L, 1L), (other.KeysAdded, other.Share.Keys));
    }

    [Fact]
    public void A_record_passes_over_changes_of_kinds_that_a_later_version_made()
    {
        var record = new RecordShard(0, "life", new ManualTimeProvider());
        CacheKey[] keys = [.. Enumerable.Range(0, 3).Select(_ => ShardedInstance.KeyIn(0))];

        var reply = record.Take(Part(1, RecordChangeKind.Set, 10) with { Kinds = [200, 0, 201], Sizes = [1, 10, 1], Versions = [1, 1, 1], Events = [0, 0, 0] }, keys);

        Assert.Equal((1L, 10L), (reply.KeysAdded, reply.Share.Bytes));
    }

    [Fact]
    public void A_location_is_incomplete_until_every_instance_has_told_and_the_tree_is_whole()
    {
        var clock = new ManualTimeProvider();
        var record = new RecordShard(0, "life", clock);
        TreeSight Sight(bool isWhole) => new(ShardedInstance.View(isWhole, "a", "b"), clock);
        bool IsIncomplete(bool isWhole = true) => record.Locate([ShardedInstance.KeyIn(0)], Sight(isWhole)).Items[0].Location.Incomplete;

        record.Told("a", "life");
        record.Told("b", "a former life");
        var before = IsIncomplete();
        record.Told("b", "life");

        Assert.Equal((true, false, true), (before, IsIncomplete(), IsIncomplete(isWhole: false)));
    }

    [Fact]
    public void Silence_goes_on_by_the_clock_of_who_has_the_view()
    {
        var clock = new ManualTimeProvider();
        var sight = new TreeSight(ShardedInstance.View(true, "a"), clock);
        var states = new List<InstanceState?> { sight.State("a") };
        clock.Advance(TimeSpan.FromSeconds(5));
        states.Add(sight.State("a"));
        clock.Advance(TimeSpan.FromSeconds(60));
        states.Add(sight.State("a"));

        Assert.Equal([InstanceState.Live, InstanceState.Suspect, InstanceState.Gone], states);
        Assert.Null(sight.State("b"));
    }

    [Fact]
    public void A_record_that_did_not_answer_makes_digests_wanted()
    {
        var instance = new ShardedInstance(1);
        instance.Settle();
        var before = instance.Step(loss: 0);
        instance.Settle();
        var after = instance.Step(loss: 1);

        Assert.Equal((false, true), (before!.DigestWanted, after!.DigestWanted));
    }

    [Fact]
    public void Whatever_is_lost_the_records_have_what_the_instance_holds_once_its_digests_are_equal()
    {
        for (var seed = 1; seed <= 40; seed++)
        {
            var instance = new ShardedInstance(seed);
            for (var step = 0; step < 60; step++) instance.Step(loss: 0.15);
            instance.Settle();

            Assert.True(instance.Recorded().SequenceEqual(instance.Held()), $"seed {seed}: the records differ from the instance");
            Assert.True(instance.AllTold(), $"seed {seed}: a record was not told that it is complete");
        }
    }

    private static RecordChanges Part(long number, RecordChangeKind kind, long size) =>
        new() { Instance = "a", Feed = "feed", Number = number, Kinds = [(byte)kind], Sizes = [size], Versions = [1], Events = [0] };
}
