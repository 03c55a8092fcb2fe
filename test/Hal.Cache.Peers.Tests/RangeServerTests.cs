using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Connections;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Testing.Connections;
using Hal.Cache.Testing.Processes;
using Hal.Cache.Testing.Time;

namespace Hal.Cache.Peers.Tests;

public sealed class RangeServerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly PeerOptions Options = new() { Name = "here", Secret = new byte[] { 1 } };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Pieces_come_in_order_whether_their_bytes_are_in_memory_or_have_to_be_waited_for(int seed)
    {
        var bytes = new byte[500_000];
        new Random(seed).NextBytes(bytes);
        var host = new Host(bytes, seed);
        var (requests, answers, serving) = Serve(host);
        foreach (var (offset, length) in new[] { (0, 500_000), (65_530, 200_000), (499_999, 1) })
        {
            await AskAsync(requests.Writer, bytes.Length, offset, length);
            Assert.Equal(bytes[offset..(offset + length)], await TakeAsync(answers.Reader, length));
        }

        await requests.Writer.CompleteAsync();
        await serving.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_range_that_fails_in_its_middle_says_so_and_the_next_one_is_served()
    {
        var bytes = new byte[200_000];
        var host = new Host(bytes, 1) { FailsAt = 100_000 };
        var (requests, answers, serving) = Serve(host);
        await AskAsync(requests.Writer, bytes.Length, 0, bytes.Length);
        var failure = await Assert.ThrowsAsync<InvalidDataException>(() => TakeAsync(answers.Reader, bytes.Length));
        Assert.Equal("as asked", failure.Message);

        host.FailsAt = int.MaxValue;
        await AskAsync(requests.Writer, bytes.Length, 10, 100);

        Assert.Equal(new byte[100], await TakeAsync(answers.Reader, 100));
        await requests.Writer.CompleteAsync();
        await serving.WaitAsync(Patience);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task Who_reads_this_process_memory_is_told_where_the_bytes_lie_that_are_there(int seed)
    {
        var bytes = GC.AllocateArray<byte>(500_000, pinned: true);
        new Random(seed).NextBytes(bytes);
        var host = new Host(bytes, seed) { Locates = true };
        var (requests, answers, serving) = Serve(host);
        foreach (var (offset, length) in new[] { (0, 500_000), (65_530, 200_000), (499_999, 1) })
        {
            await AskAsync(requests.Writer, bytes.Length, offset, length, isLocated: true);
            Assert.Equal(bytes[offset..(offset + length)], await TakeAsync(answers.Reader, length));
        }

        Assert.True(host.Located > 0);
        await requests.Writer.CompleteAsync();
        await serving.WaitAsync(Patience);
    }

    [Theory]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    public async Task Bytes_are_sent_from_where_they_lie_in_their_place(int seed)
    {
        var bytes = GC.AllocateArray<byte>(500_000, pinned: true);
        new Random(seed).NextBytes(bytes);
        var host = new Host(bytes, seed) { Lends = true };
        var (requests, answers, serving) = Serve(host);
        foreach (var (offset, length) in new[] { (0, 500_000), (65_530, 200_000), (499_999, 1) })
        {
            await AskAsync(requests.Writer, bytes.Length, offset, length);
            Assert.Equal(bytes[offset..(offset + length)], await TakeAsync(answers.Reader, length));
        }

        Assert.True(host.Lent > 0);
        await requests.Writer.CompleteAsync();
        await serving.WaitAsync(Patience);
        Assert.Equal(host.Lent, host.Returned);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Fleeting_bytes_are_kept_until_they_are_taken_or_the_connection_ends(bool isSaid)
    {
        var bytes = GC.AllocateArray<byte>(1000, pinned: true);
        var host = new Host(bytes, 1) { Locates = true, IsFleeting = true, IsAllHere = true };
        var (requests, answers, serving) = Serve(host);
        await AskAsync(requests.Writer, bytes.Length, 0, bytes.Length, isLocated: true);
        await TakeAsync(answers.Reader, bytes.Length);
        Assert.False(host.Ended.Task.IsCompleted);

        if (isSaid)
            await requests.Writer.WriteAsync(RangeWire.Taken);
        else
            await requests.Writer.CompleteAsync();

        await host.Ended.Task.WaitAsync(Patience);
        await requests.Writer.CompleteAsync();
        await serving.WaitAsync(Patience);
    }

    [Fact]
    public async Task Fleeting_bytes_that_nobody_takes_are_kept_for_the_time_of_a_stall()
    {
        var time = new ManualTimeProvider();
        var bytes = GC.AllocateArray<byte>(1000, pinned: true);
        var host = new Host(bytes, 1) { Locates = true, IsFleeting = true, IsAllHere = true };
        var (requests, answers, serving) = Serve(host, time);
        await AskAsync(requests.Writer, bytes.Length, 0, bytes.Length, isLocated: true);
        await TakeAsync(answers.Reader, bytes.Length);
        await AskAsync(requests.Writer, bytes.Length, 0, bytes.Length, isLocated: true); // the first answer is over when the second comes
        await TakeAsync(answers.Reader, bytes.Length);
        Assert.True(await Eventually.HoldsAsync(() => host.EndedCount == 1, Patience), "the first reader is still held");

        var isLetGo = await Eventually.HoldsAsync(
            () =>
            {
                time.Advance(Options.StallTimeout); // again, where the end of the answer was noted after the last time
                return host.EndedCount == 2;
            },
            Patience);

        Assert.True(isLetGo, "the second one is still held");

        await requests.Writer.CompleteAsync();
        await serving.WaitAsync(Patience);
    }

    [Fact]
    public async Task Bytes_that_stay_where_they_are_need_not_be_said_to_be_taken()
    {
        var bytes = GC.AllocateArray<byte>(1000, pinned: true);
        var host = new Host(bytes, 1) { Locates = true, IsAllHere = true };
        var (requests, answers, serving) = Serve(host);

        await AskAsync(requests.Writer, bytes.Length, 0, bytes.Length, isLocated: true);
        await TakeAsync(answers.Reader, bytes.Length);

        await host.Ended.Task.WaitAsync(Patience);
        await requests.Writer.CompleteAsync();
        await serving.WaitAsync(Patience);
    }

    private static (Pipe Requests, Pipe Answers, Task Serving) Serve(Host host, TimeProvider? time = null)
    {
        Pipe requests = new(), answers = new();
        var server = new RangeServer("there", host, Options, time ?? TimeProvider.System, new Duplex(requests.Reader, host.Lends ? new LendingWriter(answers.Writer) : answers.Writer));
        return (requests, answers, server.RunAsync(default));
    }

    private static async Task AskAsync(PipeWriter to, int objectLength, int offset, int length, bool isLocated = false)
    {
        var wire = new byte[RangeWire.RequestBytes + 1];
        RangeWire.Write(new RangeRequest(0, "k"u8.ToArray(), 7, objectLength, offset, length), wire, default, isLocated);
        await to.WriteAsync(wire);
    }

    private static async Task<byte[]> TakeAsync(PipeReader from, int length)
    {
        var taken = new List<byte>();
        while (taken.Count < length)
        {
            var header = await ReadAsync(from, RangeWire.PieceHeaderBytes);
            var count = BinaryPrimitives.ReadInt32LittleEndian(header);
            if (count == 0) continue; // a sign of life, where a busy machine was late with the bytes
            if (count < 0) throw new InvalidDataException(Encoding.UTF8.GetString(await ReadAsync(from, BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(4)))));
            var isLocated = (count & RangeWire.LocatedPiece) != 0;
            count &= ~(RangeWire.LocatedPiece | RangeWire.FleetingPiece);
            Assert.InRange(count, 1, RangeWire.PieceBytesMax);
            var piece = isLocated ? CopyOf((nint)BinaryPrimitives.ReadInt64LittleEndian(await ReadAsync(from, sizeof(long))), count) : await ReadAsync(from, count);
            Assert.Equal(Crc32C.Append(0, piece), BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(4)));
            taken.AddRange(piece);
        }
        return [.. taken];
    }

    private static byte[] CopyOf(nint address, int count)
    {
        var copy = new byte[count];
        Marshal.Copy(address, copy, 0, count);
        return copy;
    }

    private static async Task<byte[]> ReadAsync(PipeReader from, int count)
    {
        var read = await from.ReadAtLeastAsync(count).AsTask().WaitAsync(Patience);
        Assert.True(read.Buffer.Length >= count, "the connection ended");
        var taken = new byte[count];
        System.Buffers.BuffersExtensions.CopyTo(read.Buffer.Slice(0, count), taken);
        from.AdvanceTo(read.Buffer.GetPosition(count));
        return taken;
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>Has one object, of which some pieces, by chance, must be waited for.</summary>
    private sealed class Host(byte[] bytes, int seed) : IPeerHost, ILender
    {
        private readonly Random random = new(seed);
        private int endedCount;

        public int FailsAt { get; set; } = int.MaxValue;

        /// <summary>Whether it says where its bytes lie, which it does for some of them.</summary>
        public bool Locates { get; init; }

        public bool IsFleeting { get; init; }

        public bool IsAllHere { get; init; }

        public int Located { get; private set; }

        /// <summary>Whether it lends some of the bytes that are there.</summary>
        public bool Lends { get; init; }

        public int Lent { get; private set; }

        public int Returned { get; private set; }

        public int EndedCount => Volatile.Read(ref endedCount);

        /// <summary>Completed when a reader is disposed.</summary>
        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string Name => "here";

        public ISharedMemory? Shared => null;

        public Result<IFrameSink> Accept(PeerChannelKind kind, IFrameChannel channel) => throw new NotSupportedException();

        public ValueTask<Result<IRangeReader>> OpenRangeAsync(RangeRequest request, CancellationToken cancellation) =>
            new(Results.Of<IRangeReader>(new Reader(this, (int)request.Offset, (int)request.Offset + request.Length)));

        private sealed class Reader(Host host, int at, int end) : IRangeReader
        {
            public int TryRead(Span<byte> buffer) => at >= host.FailsAt || host.random.Next(3) == 0 ? 0 : Copy(buffer);

            public LentBytes TryLend(int bytesMax)
            {
                if (!host.Lends || at >= end || host.random.Next(2) == 0)
                    return default;
                int from = at, count = Math.Min(host.random.Next(1, bytesMax + 1), end - at);
                at += count;
                host.Lent++;
                return new(Marshal.UnsafeAddrOfPinnedArrayElement(host.Bytes, from), count, host, Tag: 0);
            }

            public MemoryPiece TryLocate(int bytesMax)
            {
                if (!host.Locates || at >= end || (!host.IsAllHere && host.random.Next(2) == 0))
                    return default;
                int from = at, count = Math.Min(host.IsAllHere ? bytesMax : host.random.Next(1, bytesMax + 1), end - at);
                at += count;
                host.Located++;
                return new(Marshal.UnsafeAddrOfPinnedArrayElement(host.Bytes, from), count, Crc32C.Append(0, host.Bytes.AsSpan(from, count)), host.IsFleeting);
            }

            public async ValueTask<CacheError?> WaitAsync(CancellationToken cancellation)
            {
                if (host.random.Next(2) == 0) await Task.Yield();
                return null;
            }

            public async ValueTask<Result<int>> ReadAsync(Memory<byte> buffer, CancellationToken cancellation)
            {
                await Task.Yield();
                return at >= host.FailsAt ? new CacheError(CacheErrorCode.Unavailable, "as asked") : Copy(buffer.Span);
            }

            public void Dispose()
            {
                Interlocked.Increment(ref host.endedCount);
                host.Ended.TrySetResult();
            }

            private int Copy(Span<byte> buffer)
            {
                var count = Math.Min(host.random.Next(1, buffer.Length + 1), Math.Min(end, host.FailsAt) - at);
                host.Bytes.AsSpan(at, count).CopyTo(buffer);
                at += count;
                return count;
            }
        }

        void ILender.Returned(int tag) => Returned++;

        private byte[] Bytes => bytes;
    }
}
