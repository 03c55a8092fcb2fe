using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Origins;

namespace Hal.Cache.ContractSuites;

/// <summary>What every <see cref="IOrigin"/> promises. A subclass says how to make one and how to change what is behind it.</summary>
public abstract class OriginContract : IAsyncLifetime
{
    private const int ReadersMax = 64;

    protected abstract IOrigin Origin { get; }

    public virtual Task InitializeAsync() => Task.CompletedTask;

    public virtual Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Stat_answers_NotFound_when_there_is_no_object()
    {
        var answer = await Origin.StatAsync(Bytes("absent"), CancellationToken.None);

        Assert.Equal(CacheErrorCode.NotFound, answer.Error?.Code);
    }

    [Fact]
    public async Task Open_answers_NotFound_when_there_is_no_object()
    {
        var answer = await Origin.OpenAsync(Bytes("absent"), null, CancellationToken.None);

        Assert.Equal(CacheErrorCode.NotFound, answer.Error?.Code);
    }

    [Fact]
    public async Task Open_answers_NotFound_when_the_expected_object_is_gone()
    {
        await PutAsync("a", [1]);
        var version = (await Origin.StatAsync(Bytes("a"), CancellationToken.None)).Value;
        await RemoveAsync("a");

        var answer = await Origin.OpenAsync(Bytes("a"), version, CancellationToken.None);

        Assert.Equal(CacheErrorCode.NotFound, answer.Error?.Code);
    }

    [Fact]
    public async Task An_empty_path_is_Refused()
    {
        var stat = await Origin.StatAsync(default, CancellationToken.None);
        var open = await Origin.OpenAsync(default, null, CancellationToken.None);

        Assert.Equal(CacheErrorCode.Refused, stat.Error?.Code);
        Assert.Equal(CacheErrorCode.Refused, open.Error?.Code);
    }

    [Fact]
    public async Task Stat_tells_the_length_and_a_validator_that_stays()
    {
        await PutAsync("a", Content(12_345));

        var first = (await Origin.StatAsync(Bytes("a"), CancellationToken.None)).Value;
        var second = (await Origin.StatAsync(Bytes("a"), CancellationToken.None)).Value;

        Assert.Equal(12_345, first.Length);
        Assert.Equal(first, second);
    }

    [Fact]
    public async Task Stat_tells_another_validator_when_the_object_is_replaced_by_one_of_the_same_length()
    {
        await PutAsync("a", [1, 2, 3]);
        var first = (await Origin.StatAsync(Bytes("a"), CancellationToken.None)).Value;
        await PutAsync("a", [1, 2, 4]);

        var second = (await Origin.StatAsync(Bytes("a"), CancellationToken.None)).Value;

        Assert.NotEqual(first.Validator, second.Validator);
    }

    [Fact]
    public async Task Open_without_a_version_tells_the_one_that_stat_tells()
    {
        await PutAsync("a", Content(100));

        await using var reader = await OpenAsync("a");

        Assert.Equal((await Origin.StatAsync(Bytes("a"), CancellationToken.None)).Value, reader.Opened);
    }

    [Fact]
    public async Task Open_of_the_version_that_is_there_succeeds()
    {
        await PutAsync("a", Content(100));
        var version = (await Origin.StatAsync(Bytes("a"), CancellationToken.None)).Value;

        var opened = await Origin.OpenAsync(Bytes("a"), version, CancellationToken.None);

        await using var reader = opened.Value;
        Assert.Equal(version, reader.Opened);
    }

    [Fact]
    public async Task Open_answers_Changed_when_another_version_is_expected()
    {
        await PutAsync("a", Content(100));
        var version = (await Origin.StatAsync(Bytes("a"), CancellationToken.None)).Value;
        await PutAsync("a", Content(101));

        var answer = await Origin.OpenAsync(Bytes("a"), version, CancellationToken.None);

        Assert.Equal(CacheErrorCode.Changed, answer.Error?.Code);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData(1_000_003)]
    public async Task A_read_of_all_gives_the_bytes_that_were_put(int length)
    {
        var content = Content(length);
        await PutAsync("dir/ü.bin", content);
        await using var reader = await OpenAsync("dir/ü.bin");
        var buffer = new byte[length + 1];

        var read = await reader.ReadAsync(0, buffer, CancellationToken.None);

        Assert.Equal(length, read.Value);
        Assert.True(content.AsSpan().SequenceEqual(buffer.AsSpan(0, length)));
    }

    [Fact]
    public async Task Ranges_are_filled_whole_and_short_only_at_the_end()
    {
        const int Length = 300_000, Seed = 11;
        var content = Content(Length);
        await PutAsync("a", content);
        await using var reader = await OpenAsync("a");
        var random = new Random(Seed);

        for (var i = 0; i < 200; i++)
        {
            var offset = random.Next(Length + 10);
            var buffer = new byte[random.Next(100_000)];
            var read = (await reader.ReadAsync(offset, buffer, CancellationToken.None)).Value;
            var expected = content.AsSpan(Math.Min(offset, Length), Math.Clamp(Length - offset, 0, buffer.Length));

            Assert.True(expected.SequenceEqual(buffer.AsSpan(0, read)), $"seed {Seed}, read {i}: {buffer.Length} bytes at {offset}");
        }
    }

    [Fact]
    public async Task A_read_beyond_the_end_gives_nothing()
    {
        await PutAsync("a", Content(10));
        await using var reader = await OpenAsync("a");

        Assert.Equal(0, (await reader.ReadAsync(10, new byte[5], CancellationToken.None)).Value);
        Assert.Equal(0, (await reader.ReadAsync(long.MaxValue, new byte[5], CancellationToken.None)).Value);
    }

    [Fact]
    public async Task A_read_into_an_empty_buffer_gives_nothing()
    {
        await PutAsync("a", Content(10));
        await using var reader = await OpenAsync("a");

        Assert.Equal(0, (await reader.ReadAsync(3, default, CancellationToken.None)).Value);
    }

    [Fact]
    public async Task A_read_at_a_negative_offset_throws()
    {
        await PutAsync("a", Content(10));
        await using var reader = await OpenAsync("a");

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            async () => await reader.ReadAsync(-1, new byte[1], CancellationToken.None));
    }

    [Fact]
    public async Task A_read_answers_Changed_when_the_object_was_replaced_after_the_open()
    {
        await PutAsync("a", Content(100));
        await using var reader = await OpenAsync("a");
        await PutAsync("a", Content(200));

        var answer = await reader.ReadAsync(0, new byte[100], CancellationToken.None);

        Assert.Equal(CacheErrorCode.Changed, answer.Error?.Code);
    }

    [Fact]
    public async Task A_read_answers_Changed_when_the_object_was_removed_after_the_open()
    {
        await PutAsync("a", Content(100));
        await using var reader = await OpenAsync("a");
        await RemoveAsync("a");

        var answer = await reader.ReadAsync(0, new byte[100], CancellationToken.None);

        Assert.Equal(CacheErrorCode.Changed, answer.Error?.Code);
    }

    [Fact]
    public async Task Reads_of_one_reader_may_run_at_the_same_time()
    {
        const int Piece = 100_000;
        var content = Content(ReadersMax * Piece);
        await PutAsync("a", content);
        await using var reader = await OpenAsync("a");
        var all = new byte[content.Length];

        await Parallel.ForAsync(0, ReadersMax, async (i, cancellation) =>
            Assert.Equal(Piece, (await reader.ReadAsync(i * Piece, all.AsMemory(i * Piece, Piece), cancellation)).Value));

        Assert.True(content.AsSpan().SequenceEqual(all));
    }

    [Fact]
    public async Task Many_readers_may_be_open_at_the_same_time()
    {
        var contents = Enumerable.Range(0, ReadersMax).Select(i => Content(1000 + (i * 777))).ToArray();
        for (var i = 0; i < ReadersMax; i++)
        {
            await PutAsync($"many/{i}", contents[i]);
        }

        var readers = await Task.WhenAll(Enumerable.Range(0, ReadersMax).Select(i => OpenAsync($"many/{i}")));
        var read = await Task.WhenAll(readers.Select(async reader =>
        {
            await using (reader)
            {
                var buffer = new byte[reader.Opened.Length];
                Assert.Equal(buffer.Length, (await reader.ReadAsync(0, buffer, CancellationToken.None)).Value);
                return buffer;
            }
        }));

        Assert.All(read.Zip(contents), pair => Assert.True(pair.First.AsSpan().SequenceEqual(pair.Second)));
    }

    [Fact]
    public async Task A_reader_may_be_disposed_twice()
    {
        await PutAsync("a", Content(10));
        var reader = await OpenAsync("a");

        await reader.DisposeAsync();
        await reader.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(
            async () => await reader.ReadAsync(0, new byte[1], CancellationToken.None));
    }

    [Fact]
    public async Task The_path_may_be_reused_once_the_open_is_done()
    {
        await PutAsync("a", Content(10));
        var path = "a"u8.ToArray();
        await using var reader = (await Origin.OpenAsync(path, null, CancellationToken.None)).Value;
        path[0] = (byte)'b';

        Assert.Equal(10, (await reader.ReadAsync(0, new byte[10], CancellationToken.None)).Value);
    }

    [Fact]
    public async Task A_cancelled_call_throws_and_leaves_the_reader_usable()
    {
        await PutAsync("a", Content(10));
        await using var reader = await OpenAsync("a");
        var cancelled = new CancellationToken(canceled: true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Origin.StatAsync(Bytes("a"), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Origin.OpenAsync(Bytes("a"), null, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await reader.ReadAsync(0, new byte[1], cancelled));

        Assert.Equal(10, (await reader.ReadAsync(0, new byte[10], CancellationToken.None)).Value);
    }

    /// <summary>Makes <paramref name="content"/> the object at <paramref name="path"/>, as a new version.</summary>
    protected abstract ValueTask PutAsync(string path, byte[] content);

    protected abstract ValueTask RemoveAsync(string path);

    protected static byte[] Bytes(string path) => Encoding.UTF8.GetBytes(path);

    /// <summary>Bytes that differ by length and place, so that a piece of another object or of another place does not pass.</summary>
    protected static byte[] Content(int length)
    {
        var content = new byte[length];
        new Random(length).NextBytes(content);
        return content;
    }

    protected async Task<IOriginReader> OpenAsync(string path)
    {
        var opened = await Origin.OpenAsync(Bytes(path), null, CancellationToken.None);
        Assert.True(opened.IsOk, opened.ToString());
        return opened.Value;
    }
}
