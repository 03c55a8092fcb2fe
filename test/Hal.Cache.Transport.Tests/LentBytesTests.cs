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

    [Fact]
    public async Task They_are_returned_before_a_peer_that_takes_nothing_does_and_may_then_change()
    {
        (Socket client, ILoopConnection connection) = await ConnectAsync();
        using var limit = new CancellationTokenSource(Bound);
        var expected = new ArrayBufferWriter<byte>();
        var random = new Random(Seed);
        ValueTask<FlushResult> flushing;
        do
        {
            byte[] head = new byte[10], body = new byte[200_000];
            random.NextBytes(body);
            expected.Write(head);
            expected.Write(body);
            connection.Output.Write(head);
            ((ILendingOutput)connection.Output).Lend(lender.Lend(body));
            flushing = connection.Output.FlushAsync(limit.Token);
            Assert.Equal(0, lender.Out);
            lender.Spoil();
        }
        while (flushing.IsCompleted);

        Task<byte[]> receiving = ReceiveAsync(client, limit.Token);
        Assert.False((await flushing).IsCompleted);
        await connection.DisposeAsync();
        byte[] received = await receiving;
        Assert.True(expected.WrittenSpan.SequenceEqual(received), "Other bytes came.");
        client.Dispose();
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

    private async Task<(Socket Client, ILoopConnection Connection)> ConnectAsync()
    {
        using var listening = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listening.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listening.Listen();
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listening.LocalEndPoint!);
        return (client, transport.Take(await listening.AcceptAsync()));
    }

    private sealed class Lender : ILender
    {
        private readonly List<byte[]> lent = [];
        private int returned;

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
            foreach (byte[] bytes in lent)
                Array.Fill(bytes, (byte)0xEE);
        }

        void ILender.Returned(int tag)
        {
            Assert.InRange(tag, 0, lent.Count - 1);
            Interlocked.Increment(ref returned);
        }
    }
}
