using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Connections;
using Hal.Cache.Contracts.Origins;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node.Tests.Support;
using Hal.Cache.Testing.Origins;
using Hal.Cache.Testing.Processes;
using Hal.Cache.Testing.Threads;

namespace Hal.Cache.Node.Tests.Fetch;

public sealed class LargeObjectTests
{
    private const int Chunk = 64 << 10;

    [Fact]
    public async Task Two_hundred_readers_of_a_cold_64_MB_object_read_each_byte_once()
    {
        await using var rig = new Rig();
        byte[] content = Rig.Bytes(64 << 20);
        rig.Memory.Put("big", content);
        ReadOnlyMemory<byte> expected = content;

        await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Task.Run(async () =>
        {
            await rig.ReadAsync("o/big", 0, 1); // brings the manifest
            using ValueReader reader = rig.Open("o/big", 0, long.MaxValue);
            var buffer = new byte[Chunk];
            while (reader.Remaining > 0)
            {
                long at = reader.Position;
                var read = await reader.ReadAsync(buffer, default);
                Assert.True(expected.Span.Slice((int)at, read.Value).SequenceEqual(buffer.AsSpan(0, read.Value)));
            }
        })));

        Assert.Null(rig.Origin.FirstByteReadTwice("big"));
        Assert.Equal(content.Length, rig.Origin.BytesRead);
    }

    [Theory]
    [InlineData(0, 1, 0, 1)]
    [InlineData(Chunk - 1, 2, 0, 2)]
    [InlineData((3 * Chunk) + 5, Chunk, 3, 2)]
    [InlineData(20 * Chunk, Chunk, 20, 1)]
    [InlineData(2_999_999, 10, 45, 1)]
    public async Task Range_reads_only_the_chunks_it_touches(int start, int length, int firstChunk, int chunks)
    {
        await using var rig = new Rig();
        byte[] content = Rig.Bytes(3_000_000);
        rig.Memory.Put("big", content);

        var read = await rig.ReadAsync("o/big", start, length);

        Assert.Equal(content.AsSpan(start, Math.Min(length, content.Length - start)).ToArray(), read.Value);
        Assert.All(rig.Origin.RangesOf("big"), range => Assert.InRange(range.Offset, firstChunk * (long)Chunk, (firstChunk + chunks) * (long)Chunk));
        Assert.Equal(Math.Min(content.Length, (firstChunk + chunks) * Chunk) - (firstChunk * Chunk), rig.Origin.BytesRead);
    }

    [Fact]
    public async Task What_readers_still_want_of_a_value_that_is_over_comes_though_they_take_nothing()
    {
        const int first = 10 * Chunk, wanted = 200 * Chunk;
        await using var rig = new Rig();
        byte[] content = Rig.Bytes(300 * Chunk);
        rig.Memory.Put("big", content);
        await rig.ReadAsync("o/big", 0, 1);
        using ValueReader reader = rig.Open("o/big", first, wanted);
        Assert.Equal(1, (await reader.ReadAsync(new byte[1], default)).Value);
        ILargeValue value = rig.Retain("o/big");

        rig.Keyspace.Hurry(value);
        bool isHere = await Eventually.HoldsAsync(() => Enumerable.Range(first / Chunk, wanted / Chunk).All(value.HasChunk), Rig.Patience);

        Assert.True(isHere, $"{value.ChunksPresent} chunks are here");
        rig.Memory.Remove("big");
        var rest = new byte[wanted - 1];
        for (int read = 0; read < rest.Length;) read += (await reader.ReadAsync(rest.AsMemory(read), default)).Value;
        Assert.True(content.AsSpan(first + 1, rest.Length).SequenceEqual(rest));
        Assert.Equal(1 + (wanted / Chunk), value.ChunksPresent);
        value.Release();
    }

    [Fact]
    public async Task Whole_object_is_read_in_long_reads_after_a_short_first_one()
    {
        await using var rig = new Rig();
        rig.Memory.Put("big", Rig.Bytes(8 << 20));

        await rig.ReadAsync("o/big");

        var lengths = rig.Origin.RangesOf("big").OrderBy(range => range.Offset).Select(range => range.Length).ToArray();
        Assert.Equal(64 << 10, lengths[0]);
        Assert.InRange(lengths.Length, 9, 12);
    }

    [Fact]
    public async Task Reader_is_answered_while_the_rest_has_not_come()
    {
        await using var rig = new Rig();
        byte[] content = Rig.Bytes(4 << 20);
        rig.Memory.Put("big", content);
        await rig.ReadAsync("o/big", 0, 1);
        var stall = new OriginStall();
        rig.Faulty.Stall = stall;
        using ValueReader reader = rig.Open("o/big", 0, long.MaxValue);
        var buffer = new byte[100];

        var here = await reader.ReadAsync(buffer, default);

        Assert.Equal(100, here.Value);
        Assert.Equal(content[..100], buffer);
        stall.Release();
        Assert.Equal(content[100..], (await Rig.DrainAsync(reader, default)).Value);
    }

    [Fact]
    public async Task First_chunk_of_an_origin_that_answers_at_once_is_read_on_the_thread_that_wants_it_and_nothing_else_is()
    {
        await using var rig = new Rig();
        rig.Memory.AnswersAtOnce = true;
        byte[] content = Rig.Bytes(4 << 20);
        rig.Memory.Put("big", content);
        await rig.LengthAsync("o/big");
        using ValueReader reader = rig.Open("o/big", 0, long.MaxValue);

        (bool isHere, int first) = OwnThread.Run(() => (reader.WaitAsync(default).AsTask().IsCompletedSuccessfully, reader.TryRead(new byte[2 * Chunk])));

        Assert.True(isHere);
        Assert.Equal(Chunk, first);
        Assert.Equal([new ByteRange(0, Chunk)], rig.Origin.RangesOf("big"));
        Assert.Equal(content[Chunk..], (await Rig.DrainAsync(reader, default)).Value);
        Assert.Null(rig.Origin.FirstByteReadTwice("big"));
    }

    [Fact]
    public async Task An_origin_that_answers_at_once_but_waits_holds_up_nobody()
    {
        await using var rig = new Rig();
        rig.Memory.AnswersAtOnce = true;
        byte[] content = Rig.Bytes(4 << 20);
        rig.Memory.Put("big", content);
        await rig.LengthAsync("o/big");
        var stall = new OriginStall();
        (rig.Faulty.Stall, rig.Faulty.StallOn) = (stall, OriginCall.All);
        using ValueReader reader = rig.Open("o/big", 0, long.MaxValue);

        Task<CacheError?> waiting = OwnThread.Run(() => reader.WaitAsync(default).AsTask());

        Assert.False(waiting.IsCompleted);
        stall.Release();
        Assert.Null(await waiting.WaitAsync(Rig.Patience));
        Assert.Equal(content, (await Rig.DrainAsync(reader, default)).Value);
    }

    [Fact]
    public async Task Reading_ahead_does_not_begin_before_the_first_chunk_is_on_its_way()
    {
        const long ahead = 16; // the chunk behind the reader's first run
        await using var rig = new Rig();
        rig.Memory.Put("big", Rig.Bytes(8 << 20));
        await rig.LengthAsync("o/big");
        using ValueReader reader = rig.Open("o/big", 0, long.MaxValue), other = rig.Open("o/big", ahead * Chunk, 1);
        var stall = new OriginStall();

        Assert.Null(await reader.WaitAsync(default));
        rig.Faulty.Stall = stall; // a read that begins from here on is still under way below
        Assert.Equal(Chunk, reader.TryRead(new byte[Chunk]));
        long joined = rig.Keyspace.Statistics.FlightsJoined;
        Task<CacheError?> waiting = other.WaitAsync(default).AsTask();

        Assert.Equal(joined, rig.Keyspace.Statistics.FlightsJoined);
        stall.Release();
        Assert.Null(await waiting.WaitAsync(Rig.Patience));
    }

    [Fact]
    public async Task What_is_lent_while_it_comes_is_stored_when_it_was_returned()
    {
        const int chunks = 20; // more than one read's
        await using var rig = new Rig();
        rig.Memory.IsLocal = true;
        byte[] content = Rig.Bytes(chunks * Chunk);
        rig.Memory.Put("big", content);
        await rig.LengthAsync("o/big");
        using ValueReader reader = rig.Open("o/big", 0, long.MaxValue), other = rig.Open("o/big", (long)14 * Chunk, 1), behind = rig.Open("o/big", (long)16 * Chunk, long.MaxValue);
        reader.GoesOnAtOnce = true;
        ILargeValue value = rig.Retain("o/big");

        OriginStall stall = new();
        rig.Faulty.Stall = stall;
        Task<LentBytes> lending = OwnThread.Run(() => reader.WaitAsync(default).AsTask().ContinueWith(
            waited => waited.Result == null ? reader.TryLend(Chunk) : default, // on the thread that brought it, and that will store it
            default, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default));
        stall.Release();
        LentBytes lent = await lending.WaitAsync(Rig.Patience);
        Assert.Equal(1, (await other.ReadAsync(new byte[1], default)).Value);
        Assert.Equal(1, (await behind.ReadAsync(new byte[1], default)).Value);
        Assert.True(await Eventually.HoldsAsync(() => value.HasChunk(chunks - 1), Rig.Patience), "the second read is not stored");

        Assert.Equal(content[..Chunk], lent.Span.ToArray());
        Assert.False(value.HasChunk(0));
        lent.Return();
        Assert.True(await Eventually.HoldsAsync(() => value.ChunksPresent == chunks, Rig.Patience), "the first read is not stored");
        Assert.Equal(content[Chunk..], await LendAllAsync(reader));
        value.Release();
    }

    private static async Task<byte[]> LendAllAsync(ValueReader reader)
    {
        var all = new List<byte>();
        while (reader.Remaining > 0)
        {
            Assert.Null(await reader.WaitAsync(default));
            LentBytes lent = reader.TryLend(30_000);
            Assert.InRange(lent.Count, 1, 30_000);
            all.AddRange(lent.Span);
            lent.Return();
        }

        return [.. all];
    }

    [Fact]
    public async Task Change_in_mid_read_ends_that_reader_and_the_next_gets_the_new_version()
    {
        await using var rig = new Rig();
        byte[] old = Rig.Bytes(2 << 20, 1), next = Rig.Bytes(3 << 20, 2);
        rig.Memory.Put("big", old);
        await rig.ReadAsync("o/big", 0, Chunk);
        using ValueReader reader = rig.Open("o/big", 0, long.MaxValue);
        rig.Memory.Put("big", next);

        var broken = await Rig.DrainAsync(reader, default);
        var whole = await rig.ReadAsync("o/big");

        Assert.Equal(CacheErrorCode.Changed, broken.Error?.Code);
        Assert.Equal(next, whole.Value);
    }

    [Fact]
    public async Task Object_that_goes_in_mid_read_ends_that_reader_and_is_then_absent()
    {
        await using var rig = new Rig();
        rig.Memory.Put("big", Rig.Bytes(2 << 20));
        await rig.ReadAsync("o/big", 0, Chunk);
        rig.Memory.Remove("big");

        var broken = await rig.ReadAsync("o/big");

        Assert.Equal(CacheErrorCode.Changed, broken.Error?.Code);
        Assert.Null((await rig.ReadAsync("o/big")).Value);
    }

    [Fact]
    public async Task Short_reads_are_not_taken_for_the_end()
    {
        await using var rig = new Rig();
        byte[] content = Rig.Bytes(2_500_000);
        rig.Memory.Put("big", content);
        rig.Faulty.ShortReadEvery = 2;

        Assert.Equal(content, (await rig.ReadAsync("o/big")).Value);
    }

    [Fact]
    public async Task Failed_read_is_tried_again()
    {
        await using var rig = new Rig();
        byte[] content = Rig.Bytes(400_000);
        rig.Memory.Put("big", content);
        await rig.LengthAsync("o/big");
        (rig.Faulty.FailEvery, rig.Faulty.FailOn) = (2, OriginCall.Read);

        Assert.Equal(content, (await rig.ReadAsync("o/big")).Value);
        rig.Faulty.FailEvery = 0;
    }

    [Fact]
    public async Task Stalled_origin_stalls_only_its_own_readers()
    {
        var slow = new MemoryOrigin();
        slow.Put("x", Rig.Bytes(1 << 20));
        var stall = new OriginStall();
        var stalled = new FaultyOrigin(slow, 1) { Stall = stall };
        await using var rig = new Rig(others: new OriginMount("slow/"u8.ToArray(), stalled, Freshness.Immutable));
        rig.Memory.Put("big", Rig.Bytes(1 << 20));
        using var leave = new CancellationTokenSource();

        var waiting = Enumerable.Range(0, 40).Select(_ => rig.ReadAsync("slow/x", cancellation: leave.Token)).ToArray();
        await stall.Reached.WaitAsync(Rig.Patience);
        var quick = await rig.ReadAsync("o/big");

        Assert.Equal(Rig.Bytes(1 << 20), quick.Value);
        Assert.All(waiting, each => Assert.False(each.IsCompleted));
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(waiting));
        stall.Release();
        Assert.Equal(Rig.Bytes(1 << 20), (await rig.ReadAsync("slow/x")).Value);
    }

    [Fact]
    public async Task Value_larger_than_the_store_is_served_whole()
    {
        await using var rig = new Rig(memoryBytes: 64L << 20);
        byte[] content = Rig.Bytes(80 << 20);
        rig.Memory.Put("big", content);

        var read = await rig.ReadAsync("o/big");

        Assert.True(content.AsSpan().SequenceEqual(read.Value));
        Assert.True(rig.Store.Statistics.MemoryBytes <= 64L << 20);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Readers_at_random_with_faults_get_the_bytes_of_one_version_or_an_error(int seed)
    {
        var random = new Random(seed);
        await using var rig = new Rig(Freshness.Validate(TimeSpan.Zero), seed: seed);
        byte[][] versions = [.. Enumerable.Range(0, 4).Select(number => Rig.Bytes(random.Next(1, 1_500_000), number))];
        rig.Memory.Put("f", versions[0]);
        (rig.Faulty.FailEvery, rig.Faulty.ShortReadEvery, rig.Faulty.ChangeDuringReadEvery) = (13, 7, 31);
        var changes = new Random(~seed);
        rig.Faulty.OnChange = () =>
        {
            lock (changes)
                rig.Memory.Put("f", versions[changes.Next(4)]);
        };
        int[] seeds = [.. Enumerable.Range(0, 24).Select(_ => random.Next())];

        int whole = 0;
        await Task.WhenAll(seeds.Select(own => Task.Run(async () =>
        {
            var chance = new Random(own);
            for (int round = 0; round < 20; round++)
            {
                using var leave = new CancellationTokenSource();
                if (chance.Next(6) == 0)
                    await leave.CancelAsync();
                try
                {
                    var read = await rig.ReadAsync("o/f", cancellation: leave.Token);
                    if (!read.IsOk)
                    {
                        Assert.True(read.Error.Code is CacheErrorCode.Changed or CacheErrorCode.Unavailable, $"seed {seed}: {read.Error}");
                        continue;
                    }

                    Assert.True(versions.Any(version => version.AsSpan().SequenceEqual(read.Value)), $"seed {seed}: a mixture of versions");
                    Interlocked.Increment(ref whole);
                }
                catch (OperationCanceledException)
                {
                    Assert.True(leave.IsCancellationRequested);
                }
            }
        })));

        Assert.True(whole > 0, $"seed {seed}");
    }
}
