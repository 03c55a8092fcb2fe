using Hal.Cache.Testing.Origins;

namespace Hal.Cache.Origins.Tests.Testing;

public sealed class CountingOriginTests
{
    private readonly CountingOrigin origin;

    public CountingOriginTests()
    {
        var inner = new MemoryOrigin();
        inner.Put("a", new byte[100]);
        origin = new CountingOrigin(inner);
    }

    [Fact]
    public async Task Bytes_that_are_read_once_are_told_as_such()
    {
        await ReadAsync((50, 50), (0, 50), (100, 10));

        Assert.Null(origin.FirstByteReadTwice("a"));
        Assert.Equal(100, origin.DistinctBytesOf("a"));
        Assert.Equal(100, origin.BytesRead);
        Assert.Equal([new(50, 50), new(0, 50)], origin.RangesOf("a"));
    }

    [Fact]
    public async Task A_byte_that_is_read_twice_is_found()
    {
        await ReadAsync((60, 40), (0, 61), (0, 1));

        Assert.Equal(0, origin.FirstByteReadTwice("a"));
        Assert.Equal(100, origin.DistinctBytesOf("a"));
        Assert.Equal(102, origin.BytesRead);
    }

    [Fact]
    public async Task A_gap_is_seen()
    {
        await ReadAsync((0, 10), (20, 10));

        Assert.Null(origin.FirstByteReadTwice("a"));
        Assert.Equal(20, origin.DistinctBytesOf("a"));
    }

    [Fact]
    public async Task Calls_and_open_readers_are_counted()
    {
        var path = "a"u8.ToArray();
        await origin.StatAsync(path, CancellationToken.None);
        var reader = (await origin.OpenAsync(path, null, CancellationToken.None)).Value;
        await origin.OpenAsync("b"u8.ToArray(), null, CancellationToken.None);
        var open = origin.OpenReaders;
        await reader.DisposeAsync();
        await reader.DisposeAsync();

        Assert.Equal((1, 2, 1, 0), (origin.Stats, origin.Opens, open, origin.OpenReaders));
        Assert.Empty(origin.RangesOf("b"));
    }

    private async Task ReadAsync(params (long Offset, int Length)[] ranges)
    {
        await using var reader = (await origin.OpenAsync("a"u8.ToArray(), null, CancellationToken.None)).Value;
        foreach (var (offset, length) in ranges)
        {
            await reader.ReadAsync(offset, new byte[length], CancellationToken.None);
        }
    }
}
