using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Connections;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node.Fetch;
using Hal.Cache.Node.Tests.Support;

namespace Hal.Cache.Node.Tests.Fetch;

public sealed class ChunkRunTests
{
    private const int Chunk = IBlobStore.ChunkBytes;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [ThreadStatic]
    private static bool isFilling;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_reader_that_is_answered_alone_goes_on_on_the_thread_that_brings_the_bytes_if_it_may(bool goesOnAtOnce)
    {
        var run = new ChunkRun(first: 4, count: 2, bytes: Chunk + 100);
        Task<bool> alone = WaitAsync(run, 4, goesOnAtOnce), later = WaitAsync(run, 5, goesOnAtOnce);

        await Task.Run(() => Fill(run, Chunk)); // where there is no context that would have continuations posted to it

        Assert.Equal(goesOnAtOnce, await alone.WaitAsync(Patience));
        Assert.False(later.IsCompleted);
    }

    [Fact]
    public async Task Readers_that_are_answered_together_go_on_one_after_another_on_the_thread_that_brings_the_bytes_if_they_may()
    {
        var run = new ChunkRun(first: 4, count: 2, bytes: Chunk + 100);
        Task<bool>[] readers = [WaitAsync(run, 4, goesOnAtOnce: true), WaitAsync(run, 4, goesOnAtOnce: false), WaitAsync(run, 4, goesOnAtOnce: true)];

        await Task.Run(() => Fill(run, Chunk));

        bool[] wentOnThere = await Task.WhenAll(readers).WaitAsync(Patience);
        Assert.Equal([true, false, true], wentOnThere);
    }

    [Fact]
    public async Task A_chunk_is_here_when_all_of_its_bytes_are_and_the_short_last_one_with_the_runs_last_byte()
    {
        var run = new ChunkRun(first: 0, count: 2, bytes: Chunk + 100);
        Task<CacheError?> first = run.WhenHere(0, goesOnAtOnce: false), last = run.WhenHere(1, goesOnAtOnce: false);

        run.Fill(Chunk - 1);
        Assert.False(first.IsCompleted);
        run.Fill(Chunk + 99);
        Assert.Null(await first.WaitAsync(Patience));
        Assert.False(last.IsCompleted);
        run.Fill(Chunk + 100);

        Assert.Null(await last.WaitAsync(Patience));
    }

    [Fact]
    public async Task What_came_before_a_failure_stays_here_and_the_rest_is_answered_with_it()
    {
        var failure = new CacheError(CacheErrorCode.Unavailable, "as asked");
        var run = new ChunkRun(first: 0, count: 2, bytes: 2 * Chunk);
        Task<CacheError?> waiting = run.WhenHere(1, goesOnAtOnce: true);

        run.Fill(Chunk);
        run.Complete(failure);
        run.Complete(null);

        Assert.Same(failure, await waiting.WaitAsync(Patience));
        Assert.Same(failure, await run.WhenHere(1, goesOnAtOnce: true));
        Assert.Null(await run.WhenHere(0, goesOnAtOnce: true));
    }

    [Fact]
    public async Task Bytes_in_the_chunks_own_memory_answer_until_the_store_has_them_and_then_the_store_does()
    {
        await using var rig = new Rig();
        var bytes = Rig.Bytes((2 * Chunk) + 100);
        ILargeValue value = rig.Store.Stage(5 * Chunk);
        value.Origin = new OriginStamp(1, 1);
        var run = new ChunkRun(first: 1, count: 3, bytes: bytes.Length - 100 + Chunk);
        run.TryTakeSpaces(value);
        Assert.True(run.HasSpaces);
        Receive(run, bytes, [.. bytes, .. new byte[Chunk - 100]]);
        var read = new byte[Chunk];

        Assert.Equal(Chunk - 5, run.TryRead(2, 5, read));
        Assert.Equal(bytes[(Chunk + 5)..(2 * Chunk)], read[..(Chunk - 5)]);
        MemoryPiece place = run.TryLocate(1, 0, int.MaxValue), part = run.TryLocate(2, 10, 100);
        Assert.True(run.TryCommit(1));

        Assert.Equal((true, Chunk, Crc32C.Append(0, bytes.AsSpan(0, Chunk))), (place.IsFleeting, place.Bytes, place.Checksum));
        Assert.Equal((100, Crc32C.Append(0, bytes.AsSpan(Chunk + 10, 100))), (part.Bytes, part.Checksum));
        Assert.Equal((0, default), (run.TryRead(1, 0, read), run.TryLocate(1, 0, Chunk)));
        Assert.Equal((place.Offset, place.Checksum), (value.TryLocate(Chunk, Chunk).Offset, value.TryLocate(Chunk, Chunk).Checksum));
        Assert.Equal(Chunk, value.TryRead(Chunk, read));
        Assert.Equal(bytes[..Chunk], read);
        run.Release();
        value.Release();
    }

    [Fact]
    public async Task The_store_gets_a_chunks_memory_when_no_sender_has_it_any_more()
    {
        await using var rig = new Rig();
        var bytes = Rig.Bytes(2 * Chunk);
        ILargeValue value = rig.Store.Stage(2 * Chunk);
        var run = new ChunkRun(first: 0, count: 2, bytes: 2 * Chunk);
        run.TryTakeSpaces(value);
        Assert.Equal(0, run.TryLend(0, 0, Chunk).Count);
        Receive(run, bytes, bytes);

        LentBytes one = run.TryLend(0, 0, Chunk), part = run.TryLend(0, 10, 20), other = run.TryLend(1, 0, Chunk);
        Task first = run.WhenReturned(0);
        Assert.Equal(0, run.TryLend(0, 0, Chunk).Count); // or it would never be stored
        Assert.Equal(Chunk, run.TryRead(0, 0, new byte[Chunk]));
        one.Return();
        Assert.False(first.IsCompleted);
        Assert.Equal(bytes[10..30], part.Span.ToArray());
        part.Return();
        await first.WaitAsync(Patience);

        Assert.True(run.TryCommit(0));
        Assert.Equal(0, run.TryLend(0, 0, Chunk).Count);
        LentBytes stored = value.TryLend(0, Chunk);
        Assert.Equal(bytes[..Chunk], stored.Span.ToArray());
        stored.Return();
        run.Release();
        Assert.Equal(bytes[Chunk..], other.Span.ToArray()); // who sends keeps the run
        other.Return();
        value.Release();
    }

    [Fact]
    public async Task Memory_that_the_store_did_not_get_goes_back_when_the_last_has_let_go()
    {
        await using var rig = new Rig();
        var before = rig.Store.Statistics.MemoryBytes;
        ILargeValue value = rig.Store.Stage(2 * Chunk);
        var run = new ChunkRun(first: 0, count: 2, bytes: 2 * Chunk);
        run.TryTakeSpaces(value);
        run.Retain();
        run.Release();
        Assert.Equal(before + (2 * Chunk), rig.Store.Statistics.MemoryBytes);

        value.Release();
        run.Release();

        Assert.Equal(before, rig.Store.Statistics.MemoryBytes);
    }

    [Fact]
    public async Task Without_room_in_the_store_the_bytes_go_to_an_array_which_no_other_process_can_map()
    {
        await using var rig = new Rig(memoryBytes: 64L << 20);
        ILargeValue value = rig.Store.Stage(1L << 30);
        var taken = new List<nint>();
        while (value.TryTakeSpace(0) is var space and not 0) taken.Add(space);
        value.ReturnSpace(0, taken[^1]);
        var run = new ChunkRun(first: 0, count: 2, bytes: 2 * Chunk);

        run.TryTakeSpaces(value); // there is room for one, and both are wanted
        var bytes = Rig.Bytes(2 * Chunk);
        Receive(run, bytes, bytes);

        Assert.False(run.HasSpaces);
        Assert.Equal(default, run.TryLocate(1, 0, Chunk));
        var there = new byte[Chunk];
        Assert.Equal(Chunk, run.TryRead(1, 0, there));
        Assert.Equal(bytes[Chunk..], there);
        run.Release();
        taken.RemoveAt(taken.Count - 1);
        foreach (var space in taken) value.ReturnSpace(0, space);
        value.Release();
    }

    [Fact]
    public async Task A_run_that_keeps_its_bytes_takes_no_memory_of_the_store()
    {
        await using var rig = new Rig();
        var before = rig.Store.Statistics.MemoryBytes;
        ILargeValue value = rig.Store.Stage(Chunk);
        var run = new ChunkRun(first: 0, count: 1, bytes: Chunk) { KeepsBytes = true };

        run.TryTakeSpaces(value);

        Assert.False(run.HasSpaces);
        Assert.False(run.HasGiven(0));
        Assert.Equal(before, rig.Store.Statistics.MemoryBytes);
        run.Release();
        value.Release();
    }

    [Fact]
    public async Task A_chunk_that_came_otherwise_stays_and_the_memory_for_it_goes_back()
    {
        await using var rig = new Rig();
        ILargeValue value = rig.Store.Stage(Chunk);
        value.Origin = new OriginStamp(1, 1);
        byte[] first = Rig.Bytes(Chunk, 1), second = Rig.Bytes(Chunk, 2), read = new byte[Chunk];
        var run = new ChunkRun(first: 0, count: 1, bytes: Chunk);
        run.TryTakeSpaces(value);
        Receive(run, second, second);
        Assert.Null(await value.WriteChunkAsync(0, first, default));
        var one = rig.Store.Statistics.MemoryBytes;

        Assert.True(run.TryCommit(0));

        Assert.True(run.HasGiven(0));
        Assert.Equal(Chunk, value.TryRead(0, read));
        Assert.Equal(first, read);
        Assert.Equal(one - Chunk, rig.Store.Statistics.MemoryBytes);
        run.Release();
        value.Release();
    }

    // As a reader does: part by part, each with its checksum where that is known.
    private static void Receive(ChunkRun run, byte[] known, byte[] bytes)
    {
        var buffer = new RangeBuffer(run, 0, run.Bytes);
        for (var done = 0; done < run.Bytes;)
        {
            Memory<byte> part = buffer.At(done);
            bytes.AsMemory(done, part.Length).CopyTo(part);
            if (done + part.Length <= known.Length) buffer.Checked(done, part.Length, Crc32C.Append(0, part.Span));
            run.Fill(done += part.Length);
        }
    }

    private static void Fill(ChunkRun run, int bytes)
    {
        isFilling = true;
        run.Fill(bytes);
        isFilling = false;
    }

    private static async Task<bool> WaitAsync(ChunkRun run, int index, bool goesOnAtOnce)
    {
        Assert.Null(await run.WhenHere(index, goesOnAtOnce).ConfigureAwait(false));
        return isFilling;
    }
}
