using Hal.Cache.Contracts;
using Hal.Cache.Node.Tests.Support;
using Hal.Cache.Testing.Origins;

namespace Hal.Cache.Node.Tests.Fetch;

public sealed class SmallObjectTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(16_368)]
    [InlineData(16_369)]
    [InlineData(65_536)]
    [InlineData(65_537)]
    public async Task Object_is_read_once_and_then_served_from_the_store(int length)
    {
        await using var rig = new Rig();
        byte[] content = Rig.Bytes(length);
        rig.Memory.Put("a", content);

        var first = await rig.ReadAsync("o/a");
        long read = rig.Origin.BytesRead;
        long opens = rig.Origin.Opens;
        var second = await rig.ReadAsync("o/a");

        Assert.Equal(content, first.Value);
        Assert.Equal(content, second.Value);
        Assert.Equal(length, read);
        Assert.Equal((read, opens), (rig.Origin.BytesRead, rig.Origin.Opens));
    }

    [Fact]
    public async Task Length_is_told_without_reading_bytes_and_the_value_still_comes()
    {
        await using var rig = new Rig();
        rig.Memory.Put("small", Rig.Bytes(100));
        rig.Memory.Put("large", Rig.Bytes(1_000_000));

        Assert.Equal(100, (await rig.LengthAsync("o/small")).Value);
        Assert.Equal(1_000_000, (await rig.LengthAsync("o/large")).Value);
        Assert.Equal(-1, (await rig.LengthAsync("o/none")).Value);
        Assert.Equal((3, 0, 0), (rig.Origin.Stats, rig.Origin.Opens, rig.Origin.BytesRead));
        Assert.Equal(Rig.Bytes(100), (await rig.ReadAsync("o/small")).Value);
        Assert.Equal(100, (await rig.LengthAsync("o/small")).Value);
        Assert.Equal(3, rig.Origin.Stats);
    }

    [Fact]
    public async Task Absent_object_is_asked_for_by_each_command_once()
    {
        await using var rig = new Rig();

        Assert.Null((await rig.ReadAsync("o/none")).Value);
        Assert.Null((await rig.ReadAsync("o/none")).Value);

        Assert.Equal(2, rig.Origin.Opens);
        Assert.False(rig.Holds("o/none"));
    }

    [Fact]
    public async Task Refused_path_is_an_error()
    {
        await using var rig = new Rig();

        Assert.Equal(CacheErrorCode.Refused, (await rig.ReadAsync("o/")).Error?.Code);
    }

    [Fact]
    public async Task Key_outside_of_all_mounts_asks_no_origin()
    {
        await using var rig = new Rig();

        Assert.Null((await rig.ReadAsync("other")).Value);

        Assert.Equal(0, rig.Origin.Opens + rig.Origin.Stats);
    }

    [Fact]
    public async Task Two_hundred_readers_of_a_cold_key_open_it_once()
    {
        await using var rig = new Rig();
        rig.Memory.Put("a", Rig.Bytes(5000));
        var stall = new OriginStall();
        (rig.Faulty.Stall, rig.Faulty.StallOn) = (stall, OriginCall.Open);

        var readers = Enumerable.Range(0, 200).Select(_ => rig.ReadAsync("o/a")).ToArray();
        stall.Release();
        var answers = await Task.WhenAll(readers);

        Assert.All(answers, answer => Assert.Equal(Rig.Bytes(5000), answer.Value));
        Assert.Equal(1, rig.Origin.Opens);
        Assert.Equal(199, rig.Keyspace.Statistics.FlightsJoined);
    }

    [Fact]
    public async Task Flight_goes_on_when_one_waiter_leaves_and_is_cancelled_when_all_have()
    {
        await using var rig = new Rig();
        rig.Memory.Put("a", Rig.Bytes(50));
        var stall = new OriginStall();
        (rig.Faulty.Stall, rig.Faulty.StallOn) = (stall, OriginCall.Open);
        using var one = new CancellationTokenSource();
        using var two = new CancellationTokenSource();

        var first = rig.ReadAsync("o/a", cancellation: one.Token);
        var second = rig.ReadAsync("o/a", cancellation: two.Token);
        await stall.Reached.WaitAsync(Rig.Patience);
        await one.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        var third = rig.ReadAsync("o/a");
        Assert.Equal(1, stall.Held);
        await two.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        stall.Release();

        Assert.Equal(Rig.Bytes(50), (await third).Value);
        Assert.Equal(1, rig.Origin.Opens);
    }

    [Fact]
    public async Task Failing_origin_is_tried_again_and_then_an_error()
    {
        await using var rig = new Rig();
        rig.Memory.Put("a", Rig.Bytes(50));
        (rig.Faulty.FailEvery, rig.Faulty.FailOn) = (1, OriginCall.Read);

        var failed = await rig.ReadAsync("o/a");
        rig.Faulty.FailEvery = 2;
        var read = await rig.ReadAsync("o/a");

        Assert.Equal(CacheErrorCode.Unavailable, failed.Error?.Code);
        Assert.Equal(Rig.Bytes(50), read.Value);
        Assert.True(rig.Keyspace.Statistics.OriginErrors >= 3);
    }
}
