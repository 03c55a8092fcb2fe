using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Origins;
using Hal.Cache.Testing.Origins;

namespace Hal.Cache.Origins.Tests.Testing;

public sealed class FaultyOriginTests
{
    private static readonly byte[] Path = "a"u8.ToArray();
    private readonly MemoryOrigin inner = new();
    private readonly byte[] content = new byte[1000];

    public FaultyOriginTests() => inner.Put("a", content);

    [Fact]
    public async Task Every_nth_call_fails()
    {
        var origin = new FaultyOrigin(inner, seed: 1) { FailEvery = 3 };

        var ok = new List<bool>();
        for (var i = 0; i < 6; i++)
        {
            ok.Add((await origin.StatAsync(Path, CancellationToken.None)).IsOk);
        }

        Assert.Equal([true, true, false, true, true, false], ok);
    }

    [Fact]
    public async Task Calls_that_are_not_chosen_do_not_fail()
    {
        var origin = new FaultyOrigin(inner, seed: 1) { FailEvery = 1, FailOn = OriginCall.Read };
        await using var reader = await OpenAsync(origin);

        Assert.True((await origin.StatAsync(Path, CancellationToken.None)).IsOk);
        Assert.Equal(CacheErrorCode.Unavailable, (await reader.ReadAsync(0, new byte[1], CancellationToken.None)).Error?.Code);
    }

    [Fact]
    public async Task A_stall_holds_calls_until_its_release()
    {
        var stall = new OriginStall();
        var origin = new FaultyOrigin(inner, seed: 1) { Stall = stall };
        await using var reader = await OpenAsync(origin);

        var reading = reader.ReadAsync(0, new byte[1000], CancellationToken.None).AsTask();
        await stall.Reached.WaitAsync(TimeSpan.FromSeconds(30));
        var early = reading.IsCompleted;
        stall.Release();

        Assert.Equal(1000, (await reading.WaitAsync(TimeSpan.FromSeconds(30))).Value);
        Assert.False(early);
        Assert.Equal(1000, (await reader.ReadAsync(0, new byte[1000], CancellationToken.None)).Value);
        Assert.Equal(1, stall.Held);
    }

    [Fact]
    public async Task A_stalled_call_can_be_cancelled()
    {
        using var cancel = new CancellationTokenSource();
        var origin = new FaultyOrigin(inner, seed: 1) { Stall = new OriginStall(), StallOn = OriginCall.Stat };

        var stat = origin.StatAsync(Path, cancel.Token).AsTask();
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stat.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task A_short_read_gives_half_of_the_bytes()
    {
        var origin = new FaultyOrigin(inner, seed: 1) { ShortReadEvery = 2 };
        await using var reader = await OpenAsync(origin);

        Assert.Equal(1000, (await reader.ReadAsync(0, new byte[1000], CancellationToken.None)).Value);
        Assert.Equal(500, (await reader.ReadAsync(0, new byte[1000], CancellationToken.None)).Value);
    }

    [Fact]
    public async Task Other_bytes_differ_in_one_bit_that_the_seed_chooses()
    {
        var first = await DamagedAsync(seed: 7);
        var again = await DamagedAsync(seed: 7);

        Assert.Equal(first, again);
        Assert.Equal(1, first.Sum(value => int.PopCount(value)));
        Assert.All(content, value => Assert.Equal(0, value)); // what is stored is whole
    }

    [Fact]
    public async Task A_change_during_a_read_runs_the_test_s_change()
    {
        var origin = new FaultyOrigin(inner, seed: 1) { ChangeDuringReadEvery = 1, OnChange = () => inner.Put("a", [1]) };
        await using var reader = await OpenAsync(origin);

        var answer = await reader.ReadAsync(0, new byte[1000], CancellationToken.None);

        Assert.Equal(CacheErrorCode.Changed, answer.Error?.Code);
        Assert.Equal(1, (await inner.StatAsync(Path, CancellationToken.None)).Value.Length);
    }

    private async Task<byte[]> DamagedAsync(int seed)
    {
        await using var reader = await OpenAsync(new FaultyOrigin(inner, seed) { OtherBytesEvery = 1 });
        var buffer = new byte[1000];
        await reader.ReadAsync(0, buffer, CancellationToken.None);
        return buffer;
    }

    private static async Task<IOriginReader> OpenAsync(FaultyOrigin origin) =>
        (await origin.OpenAsync(Path, null, CancellationToken.None)).Value;
}
