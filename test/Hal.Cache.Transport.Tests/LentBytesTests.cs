using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Hal.Cache.Contracts.Connections;

namespace Hal.Cache.Transport.Tests;

/// <summary>Bytes that are sent from where they lie come in their place, and their lender has them back however slow the peer is.</summary>
public sealed class LentBytesTests : IDisposable
{
    private const int Seed = 11;

    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60); // a loaded machine

    private readonly EpollTransport transport = new();
    private readonly Lender lender = new();

    public void Dispose() => transport.Dispose();

    [Fact]
    public async Task They_come_in_their_place_between_bytes_that_were_written()
    {
        var random = new Random(Seed);
        (Socket client, ILoopConnection connection) = await ConnectAsync();
        using var limit = new CancellationTokenSource(Bound);
        var expected = new ArrayBufferWriter<byte>();
        Task<byte[]> receiving = ReceiveAsync(client, limit.Token);

        for (int round = 0; round < 200; round++)
        {
            for (int piece = random.Next(1, 40); piece > 0; piece--)
            {
                byte[] bytes = new byte[random.Next(1, random.Next(2) == 0 ? 100 : 70_000)];
                random.NextBytes(bytes);
                expected.Write(bytes);
                if (random.Next(2) == 0)
                    connection.Output.Write(bytes);
                else
                    ((ILendingOutput)connection.Output).Lend(lender.Lend(bytes));
            }

            Assert.False((await connection.Output.FlushAsync(limit.Token)).IsCompleted);
            Assert.Equal(0, lender.Out);
            Assert.Equal(0, connection.Output.UnflushedBytes);
        }

        await connection.DisposeAsync();
        byte[] received = await receiving;
        Assert.True(expected.WrittenSpan.SequenceEqual(received), $"Seed {Seed}: other bytes came.");
        client.Dispose();
    }

    [Theory]
    [InlineData(8 << 10)]
    [InlineData(200_000)]
    public async Task They_are_returned_before_a_peer_that_is_slow_has_them_and_may_then_change(int sendBufferBytes)
    {
        (Socket client, ILoopConnection connection) = await ConnectAsync(sendBufferBytes);
        using var limit = new CancellationTokenSource(Bound);
        var expected = new ArrayBufferWriter<byte>();
        var random = new Random(Seed);
        Task<byte[]>? receiving = null;
        for (int waits = 0; waits < 30;)
        {
            for (int piece = random.Next(1, 8); piece > 0; piece--)
            {
                // As a chunk behind its length, and several lent ones behind each other; also some that no block of the pool has room for.
                byte[] head = new byte[random.Next(3) == 0 ? 0 : random.Next(1, 100)], body = new byte[random.Next(4) == 0 ? 200_000 : random.Next(1, 65_537)];
                random.NextBytes(head);
                random.NextBytes(body);
                expected.Write(head);
                expected.Write(body);
                connection.Output.Write(head);
                ((ILendingOutput)connection.Output).Lend(lender.Lend(body));
            }

            ValueTask<FlushResult> flushing = connection.Output.FlushAsync(limit.Token);
            Assert.Equal(0, lender.Out);
            lender.Spoil();
            if (flushing.IsCompleted)
                continue;
            waits++;
            receiving ??= ReceiveAsync(client, limit.Token);
            Assert.False((await flushing).IsCompleted);
        }

        await connection.DisposeAsync();
        Assert.NotNull(receiving);
        byte[] received = await receiving;
        Assert.True(expected.WrittenSpan.SequenceEqual(received), "Other bytes came.");
        client.Dispose();
    }

    [Fact]
    public async Task They_are_returned_where_the_peer_is_gone()
    {
        (Socket client, ILoopConnection connection) = await ConnectAsync();
        using var limit = new CancellationTokenSource(Bound);
        client.Close(0);
        FlushResult flushed;
        do
        {
            ((ILendingOutput)connection.Output).Lend(lender.Lend(new byte[100_000]));
            flushed = await connection.Output.FlushAsync(limit.Token);
            Assert.Equal(0, lender.Out);
        }
        while (!flushed.IsCompleted);

        ((ILendingOutput)connection.Output).Lend(lender.Lend(new byte[100]));
        Assert.Equal(0, lender.Out);
        Assert.Equal(0, connection.Output.UnflushedBytes);
        await connection.DisposeAsync();
    }

    [Fact]
    public async Task They_are_returned_where_they_are_never_sent()
    {
        (Socket client, ILoopConnection connection) = await ConnectAsync();
        ((ILendingOutput)connection.Output).Lend(lender.Lend(new byte[100]));
        ((ILendingOutput)connection.Output).Lend(lender.Lend(new byte[100_000]));
        Assert.Equal(2, lender.Out);

        await connection.DisposeAsync();

        Assert.Equal(0, lender.Out);
        client.Dispose();
    }

    private static async Task<byte[]> ReceiveAsync(Socket client, CancellationToken cancel)
    {
        var all = new ArrayBufferWriter<byte>();
        while (await client.ReceiveAsync(all.GetMemory(1 << 16), cancel) is > 0 and var count)
            all.Advance(count);
        return all.WrittenSpan.ToArray();
    }

    private async Task<(Socket Client, ILoopConnection Connection)> ConnectAsync(int sendBufferBytes = 0)
    {
        using var listening = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listening.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listening.Listen();
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listening.LocalEndPoint!);
        Socket accepted = await listening.AcceptAsync();
        if (sendBufferBytes > 0)
            accepted.SendBufferSize = sendBufferBytes;
        return (client, transport.Take(accepted));
    }

    private sealed class Lender : ILender
    {
        private readonly List<byte[]> lent = [];
        private int returned;
        private int spoilt;

        /// <summary>Pieces that have not come back.</summary>
        public int Out => lent.Count - Volatile.Read(ref returned);

        public LentBytes Lend(byte[] bytes)
        {
            byte[] pinned = GC.AllocateUninitializedArray<byte>(bytes.Length, pinned: true);
            bytes.CopyTo(pinned, 0);
            lent.Add(pinned);
            return new(Marshal.UnsafeAddrOfPinnedArrayElement(pinned, 0), pinned.Length, this, lent.Count - 1);
        }

        /// <summary>Does with all of them what an owner may who has them back.</summary>
        public void Spoil()
        {
            for (; spoilt < lent.Count; spoilt++)
                Array.Fill(lent[spoilt], (byte)0xEE);
        }

        void ILender.Returned(int tag)
        {
            Assert.InRange(tag, 0, lent.Count - 1);
            Interlocked.Increment(ref returned);
        }
    }
}
