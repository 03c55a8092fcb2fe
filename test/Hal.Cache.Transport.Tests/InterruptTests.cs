using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Hal.Cache.Contracts.Connections;

namespace Hal.Cache.Transport.Tests;

/// <summary>
/// Whoever cancels a read or a flush notes that, and then ends the wait. What comes between, as on a machine that is busy, may have been heard of the
/// note already and wait again: the end of that wait has no reason.
/// </summary>
public sealed class InterruptTests : IAsyncDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60); // a loaded machine; a lost wait never comes back

    private readonly EpollTransport transport = new();
    private readonly CancellationTokenSource stop = new(Bound);
    private readonly Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly ILoopConnection connection;

    public InterruptTests()
    {
        using var listening = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listening.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listening.Listen();
        client.Connect(listening.LocalEndPoint!);
        connection = transport.Take(listening.Accept());
    }

    [Fact]
    public async Task A_read_whose_wait_ends_for_no_reason_waits_on_and_can_be_cancelled_again()
    {
        Task<ReadResult> reading = connection.Input.ReadAsync().AsTask();
        ((SocketReader)connection.Input).Interrupt();
        await client.SendAsync("x"u8.ToArray(), stop.Token);
        ReadResult read = await reading.WaitAsync(stop.Token);

        Assert.Equal((1L, false), (read.Buffer.Length, read.IsCanceled));
        connection.Input.AdvanceTo(read.Buffer.End);
        reading = connection.Input.ReadAsync().AsTask();
        ((SocketReader)connection.Input).Interrupt();
        connection.Input.CancelPendingRead();
        Assert.True((await reading.WaitAsync(stop.Token)).IsCanceled);
    }

    [Fact]
    public async Task A_flush_whose_wait_ends_for_no_reason_ends_when_all_is_sent()
    {
        const int Bytes = 32 << 20; // more than the kernel takes
        connection.Output.Write(new byte[Bytes]);
        Task<FlushResult> sending = connection.Output.FlushAsync().AsTask();
        Assert.False(sending.IsCompleted);
        ((SocketWriter)connection.Output).Interrupt();
        var received = new byte[64 << 10];
        for (int left = Bytes; left > 0;)
            left -= await client.ReceiveAsync(received, stop.Token);

        FlushResult flushed = await sending.WaitAsync(stop.Token);

        Assert.Equal((false, false, 0L), (flushed.IsCanceled, flushed.IsCompleted, connection.Output.UnflushedBytes));
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await connection.DisposeAsync();
        transport.Dispose();
        stop.Dispose();
    }
}
