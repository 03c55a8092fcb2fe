using Hal.Cache.Contracts.Origins;
using Hal.Cache.Node.Tests.Support;
using Hal.Cache.Testing.Origins;

namespace Hal.Cache.Node.Tests;

public sealed class FreshnessTests
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    public static TheoryData<int> Lengths => [1000, 200_000];

    [Theory]
    [MemberData(nameof(Lengths))]
    public async Task Immutable_copy_is_never_asked_about(int length)
    {
        await using var rig = new Rig(Freshness.Immutable);
        rig.Memory.Put("a", Rig.Bytes(length, 1));
        await rig.ReadAsync("o/a");
        rig.Memory.Remove("a");
        rig.Clock.Advance(TimeSpan.FromDays(400));

        Assert.Equal(Rig.Bytes(length, 1), (await rig.ReadAsync("o/a")).Value);
        Assert.Equal(0, rig.Origin.Stats);
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public async Task Validate_asks_once_per_period_and_keeps_the_bytes(int length)
    {
        await using var rig = new Rig(Freshness.Validate(Period));
        rig.Memory.Put("a", Rig.Bytes(length, 1));
        await rig.ReadAsync("o/a");

        rig.Clock.Advance(Period - TimeSpan.FromMilliseconds(1));
        await rig.ReadAsync("o/a");
        Assert.Equal(0, rig.Origin.Stats);
        rig.Clock.Advance(TimeSpan.FromMilliseconds(1));
        await rig.ReadAsync("o/a");
        await rig.ReadAsync("o/a");

        Assert.Equal(1, rig.Origin.Stats);
        Assert.Equal(length, rig.Origin.BytesRead);
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public async Task Validate_brings_the_new_version_and_the_absence(int length)
    {
        await using var rig = new Rig(Freshness.Validate(Period));
        rig.Memory.Put("a", Rig.Bytes(length, 1));
        await rig.ReadAsync("o/a");
        rig.Memory.Put("a", Rig.Bytes(length, 2));
        Assert.Equal(Rig.Bytes(length, 1), (await rig.ReadAsync("o/a")).Value);

        rig.Clock.Advance(Period);
        Assert.Equal(Rig.Bytes(length, 2), (await rig.ReadAsync("o/a")).Value);
        rig.Memory.Remove("a");
        rig.Clock.Advance(Period);

        Assert.Null((await rig.ReadAsync("o/a")).Value);
        Assert.False(rig.Holds("o/a"));
    }

    [Fact]
    public async Task Validate_at_every_read_asks_at_every_read()
    {
        await using var rig = new Rig(Freshness.Validate(TimeSpan.Zero));
        rig.Memory.Put("a", Rig.Bytes(10, 1));
        await rig.ReadAsync("o/a");

        await rig.ReadAsync("o/a");
        rig.Memory.Put("a", Rig.Bytes(10, 2));

        Assert.Equal(Rig.Bytes(10, 2), (await rig.ReadAsync("o/a")).Value);
        Assert.Equal(2, rig.Origin.Stats);
    }

    [Fact]
    public async Task Copy_is_served_while_its_origin_does_not_answer_and_asked_about_when_it_does()
    {
        await using var rig = new Rig(Freshness.Validate(Period));
        rig.Memory.Put("a", Rig.Bytes(10, 1));
        await rig.ReadAsync("o/a");
        rig.Memory.Put("a", Rig.Bytes(10, 2));
        rig.Clock.Advance(Period);
        rig.Faulty.FailEvery = 1;

        Assert.Equal(Rig.Bytes(10, 1), (await rig.ReadAsync("o/a")).Value);
        Assert.Equal(Rig.Bytes(10, 1), (await rig.ReadAsync("o/a")).Value);
        Assert.Equal(1, rig.Origin.Stats);
        Assert.Equal(2, rig.Keyspace.Statistics.ServedStale);
        rig.Faulty.FailEvery = 0;
        rig.Clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(Rig.Bytes(10, 2), (await rig.ReadAsync("o/a")).Value);
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public async Task Ttl_reads_anew_after_its_period_without_asking(int length)
    {
        await using var rig = new Rig(Freshness.Ttl(Period));
        rig.Memory.Put("a", Rig.Bytes(length, 1));
        await rig.ReadAsync("o/a");
        rig.Clock.Advance(Period);

        Assert.Equal(Rig.Bytes(length, 1), (await rig.ReadAsync("o/a")).Value);

        Assert.Equal(2 * length, rig.Origin.BytesRead);
        Assert.Equal(0, rig.Origin.Stats);
    }

    [Fact]
    public async Task Counters_tell_hits_misses_and_origin_reads()
    {
        await using var rig = new Rig();
        rig.Memory.Put("a", Rig.Bytes(10));

        await rig.ReadAsync("o/a");
        await rig.ReadAsync("o/a");
        await rig.ReadAsync("o/none");

        IKeyspaceStatistics counted = rig.Keyspace.Statistics;
        Assert.Equal((1, 2), (counted.Hits, counted.Misses));
        Assert.Equal((1, 10, 0), (counted.OriginReads, counted.OriginBytesRead, counted.OriginErrors));
    }
}
