using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Connections;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node.Fetch;
using Hal.Cache.Node.Tests.Support;
using Hal.Cache.Testing.Time;

namespace Hal.Cache.Node.Tests.Fetch;

/// <summary>Chunks of a run that lie in a peer's memory: whoever wants them takes them from there.</summary>
public sealed class PlacedChunkTests
{
    private const int Chunk = IBlobStore.ChunkBytes;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan CopyPatience = TimeSpan.FromMilliseconds(20);

    private readonly ManualTimeProvider time = new();

    [Fact]
    public async Task A_whole_chunk_is_passed_on_straight_and_lies_in_the_store_when_the_reader_has_gone_on()
    {
        await using var rig = new Rig();
        ILargeValue value = rig.Store.Stage((2 * Chunk) + 100);
        value.Origin = new OriginStamp(1, 1);
        var peer = new Peer(Rig.Bytes((2 * Chunk) + 100));
        var run = new ChunkRun(0, 3, peer.Bytes.Length) { IsFirst = true };
        run.TryTakeSpaces(value);
        Place(run, peer);
        Task<int> copied = run.CopyPlacedAsync(CopyPatience, time);
        run.Fill(run.Bytes);

        var read = new byte[Chunk];
        for (var index = 0; index < 3; index++)
        {
            var count = run.TryRead(index, 0, read);
            Assert.Equal(peer.Bytes[(index * Chunk)..][..count], read[..count]);
            Assert.Equal(Math.Min(Chunk, peer.Bytes.Length - (index * Chunk)), count);
        }

        Assert.False(copied.IsCompleted);
        run.PassedOn();
        Assert.Equal(int.MaxValue, await copied.WaitAsync(Patience));
        peer.Bytes.AsSpan().Clear();
        Assert.True(run.TryCommit(0) && run.TryCommit(1) && run.TryCommit(2));
        run.Release();
        Assert.Equal(Rig.Bytes((2 * Chunk) + 100), await ReadAsync(value));
        value.Release();
    }

    [Fact]
    public async Task Where_no_reader_waits_for_its_first_bytes_a_chunk_is_copied_once()
    {
        var peer = new Peer(Rig.Bytes(Chunk));
        var run = new ChunkRun(0, 1, Chunk);
        Place(run, peer);
        Task<int> copied = run.CopyPlacedAsync(CopyPatience, time);
        run.Fill(Chunk);
        var read = new byte[Chunk];

        Assert.Equal(Chunk, run.TryRead(0, 0, read));

        Assert.Equal(peer.Bytes, read);
        Assert.Equal(int.MaxValue, await copied.WaitAsync(Patience));
        run.Release();
    }

    [Fact]
    public async Task What_may_come_again_and_a_first_readers_bytes_are_not_lent()
    {
        await using var rig = new Rig();
        ILargeValue value = rig.Store.Stage(3 * Chunk);
        var peer = new Peer(Rig.Bytes(3 * Chunk));
        ChunkRun later = new(0, 3, 3 * Chunk), first = new(0, 3, 3 * Chunk) { IsFirst = true };
        foreach (ChunkRun run in (ChunkRun[])[later, first])
        {
            run.TryTakeSpaces(value);
            Place(run, peer);
            run.Fill(run.Bytes);
        }

        Assert.Equal(0, later.TryLend(1, 0, Chunk).Count); // where chunk 0 is gone, this one is received again
        Assert.Equal(Chunk, later.TryRead(0, 0, new byte[Chunk]));
        LentBytes lent = later.TryLend(1, 0, Chunk);
        Assert.Equal(peer.Bytes[Chunk..(2 * Chunk)], lent.Span.ToArray());
        lent.Return();
        Assert.Equal(0, first.TryLend(0, 0, Chunk).Count);
        Assert.Equal(Chunk, first.TryRead(0, 0, new byte[Chunk]));
        later.Release();
        first.Release();
        value.Release();
    }

    [Fact]
    public async Task What_is_read_in_parts_is_copied_once()
    {
        var peer = new Peer(Rig.Bytes(Chunk));
        var run = new ChunkRun(0, 1, Chunk);
        Place(run, peer);
        run.Fill(Chunk);
        var part = new byte[1000];

        Assert.Equal(1000, run.TryRead(0, 0, part));
        Assert.Equal(peer.Bytes[..1000], part);
        var taken = peer.Taken;
        Assert.Equal(1000, run.TryRead(0, 5000, part));
        Assert.Equal(peer.Bytes[5000..6000], part);

        Assert.Equal((Chunk, Chunk), (taken, peer.Taken));
        Assert.Equal(int.MaxValue, await run.CopyPlacedAsync(CopyPatience, time).WaitAsync(Patience));
        run.Release();
    }

    [Fact]
    public async Task What_nobody_wants_is_copied_after_a_while()
    {
        var peer = new Peer(Rig.Bytes(3 * Chunk));
        var run = new ChunkRun(0, 3, 3 * Chunk);
        Place(run, peer);
        Task<int> copied = run.CopyPlacedAsync(CopyPatience, time);
        run.Fill(3 * Chunk);
        Assert.Equal(0, peer.Taken);

        time.Advance(CopyPatience);

        Assert.Equal(int.MaxValue, await copied.WaitAsync(Patience));
        Assert.Equal(3 * Chunk, peer.Taken);
        Assert.Equal(peer.Bytes[Chunk..(2 * Chunk)], run.Chunk(1).ToArray());
        run.Release();
    }

    [Theory]
    [InlineData(true)] // a whole chunk, straight
    [InlineData(false)]
    public async Task What_is_gone_and_what_follows_is_waited_for_and_comes_again(bool isWhole)
    {
        var bytes = Rig.Bytes(4 * Chunk);
        var peer = new Peer((byte[])bytes.Clone());
        var run = new ChunkRun(0, 4, 4 * Chunk);
        Place(run, peer);
        Task<int> copied = run.CopyPlacedAsync(CopyPatience, time);
        run.Fill(4 * Chunk);
        peer.Bytes[(2 * Chunk) + 9]++; // the peer has used it for something else
        var read = new byte[isWhole ? Chunk : 10];

        Assert.Equal(read.Length, run.TryRead(1, 0, read));
        Assert.Equal(0, run.TryRead(2, 0, read));
        Assert.False(run.HasGiven(2));
        Assert.Equal((true, false, false), (run.Has(1), run.Has(2), run.Has(3)));
        Assert.Equal(0, run.TryRead(3, 0, read));
        Task waiting = run.WhenHere(3, goesOnAtOnce: false);
        run.PassedOn();
        Assert.Equal(2 * Chunk, await copied.WaitAsync(Patience));
        Assert.Equal(2 * Chunk, run.Filled);

        run.Begin();
        bytes.AsSpan(2 * Chunk, Chunk).CopyTo(run.At(2 * Chunk).Span);
        bytes.AsSpan(3 * Chunk, Chunk).CopyTo(run.At(3 * Chunk).Span);
        Assert.False(waiting.IsCompleted);
        run.Fill(4 * Chunk);
        await waiting.WaitAsync(Patience);

        for (var index = 0; index < 4; index++)
        {
            Assert.Equal(read.Length, run.TryRead(index, 0, read));
            Assert.Equal(bytes[(index * Chunk)..][..read.Length], read);
        }

        run.Release();
    }

    [Fact]
    public void Bytes_that_are_to_stay_and_parts_of_chunks_are_copied_at_once()
    {
        var peer = new Peer(Rig.Bytes(2 * Chunk));
        var keeping = new ChunkRun(0, 2, 2 * Chunk) { KeepsBytes = true };
        var run = new ChunkRun(0, 2, 2 * Chunk);

        Assert.False(keeping.TryPlace(0, peer.Piece(0, Chunk)));
        Assert.False(run.TryPlace(100, peer.Piece(100, Chunk)));
        Assert.False(run.TryPlace(0, peer.Piece(0, Chunk - 1)));
        Assert.True(run.TryPlace(Chunk, peer.Piece(Chunk, Chunk)));
        keeping.Release();
        run.Release();
    }

    [Fact]
    public async Task What_a_read_that_was_given_up_has_placed_is_forgotten()
    {
        var peer = new Peer(Rig.Bytes(3 * Chunk));
        var run = new ChunkRun(0, 3, 3 * Chunk);
        Place(run, peer);
        run.Fill(3 * Chunk);
        Assert.Equal(10, run.TryRead(0, 0, new byte[10]));

        run.DropPlaced();

        Assert.Equal(Chunk, await run.CopyPlacedAsync(TimeSpan.Zero, time).WaitAsync(Patience));
        Assert.Equal((Chunk, Chunk), (run.Filled, peer.Taken));
        Assert.Equal(0, run.TryRead(1, 0, new byte[10]));
        run.Release();
    }

    [Fact]
    public async Task Bytes_that_are_received_beside_those_that_readers_copy_go_to_the_same_memory()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var bytes = Rig.Bytes(2 * Chunk, seed);
            var run = new ChunkRun(0, 2, bytes.Length); // without memory of the store: an array is taken when first wanted
            var peer = new Peer(bytes);
            Assert.True(run.TryPlace(0, peer.Piece(0, Chunk)));
            run.Fill(Chunk);
            using var both = new Barrier(2);

            Task copying = Task.Run(() =>
            {
                both.SignalAndWait(Patience);
                Assert.Equal(10, run.TryRead(0, 0, new byte[10]));
            });
            both.SignalAndWait(Patience);
            bytes.AsSpan(Chunk).CopyTo(run.At(Chunk).Span);
            await copying;
            run.Fill(2 * Chunk);

            Assert.True(run.Chunk(0).Span.SequenceEqual(bytes.AsSpan(0, Chunk)) && run.Chunk(1).Span.SequenceEqual(bytes.AsSpan(Chunk)), $"seed {seed}");
            run.Release();
        }
    }

    [Fact]
    public async Task Readers_side_by_side_and_who_copies_for_the_store_do_not_disturb_each_other()
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var peer = new Peer(Rig.Bytes((8 * Chunk) + 1, seed));
            var run = new ChunkRun(0, 9, peer.Bytes.Length);
            Place(run, peer);
            Task<int> copied = run.CopyPlacedAsync(CopyPatience, time);
            run.Fill(run.Bytes);
            var random = new Random(seed);
            var starts = Enumerable.Range(0, 3).Select(_ => random.Next(9)).ToArray();

            await Task.WhenAll(starts.Select(start => Task.Run(() =>
            {
                var read = new byte[Chunk];
                for (var step = 0; step < 9; step++)
                {
                    var index = (start + step) % 9;
                    var offset = step % 2 == 0 ? 0 : Math.Min(7, peer.Bytes.Length - (index * Chunk) - 1);
                    var count = run.TryRead(index, offset, read);
                    Assert.True(count > 0 && peer.Bytes.AsSpan((index * Chunk) + offset, count).SequenceEqual(read.AsSpan(0, count)), $"seed {seed}, chunk {index}");
                    if (step == 4) run.PassedOn();
                }
            })));

            Assert.Equal(int.MaxValue, await copied.WaitAsync(Patience));
            for (var index = 0; index < 9; index++)
                Assert.True(run.Chunk(index).Span.SequenceEqual(peer.Bytes.AsSpan(index * Chunk, run.Chunk(index).Length)), $"seed {seed}, chunk {index}");
            run.Release();
        }
    }

    private static void Place(ChunkRun run, Peer peer)
    {
        var buffer = new RangeBuffer(run, 0, run.Bytes);
        buffer.Begin();
        for (var offset = 0; offset < run.Bytes; offset += Chunk)
            Assert.True(buffer.TryPlace(offset, peer.Piece(offset, Math.Min(Chunk, run.Bytes - offset))));
    }

    private static async Task<byte[]> ReadAsync(ILargeValue value)
    {
        var bytes = new byte[value.Length];
        for (var done = 0; done < bytes.Length;)
            done += (await value.ReadAsync(done, bytes.AsMemory(done), default)).Value;
        return bytes;
    }

    private sealed class Peer(byte[] bytes) : IRemoteMemory
    {
        private int taken;

        public byte[] Bytes => bytes;

        /// <summary>Bytes that were copied.</summary>
        public int Taken => Volatile.Read(ref taken);

        public RemotePiece Piece(int offset, int count) => new(this, offset, count, Crc32C.Append(0, bytes.AsSpan(offset, Math.Min(count, bytes.Length - offset))));

        public bool TryRead(long offset, Span<byte> space)
        {
            Interlocked.Add(ref taken, space.Length);
            bytes.AsSpan((int)offset, space.Length).CopyTo(space);
            return true;
        }
    }
}
