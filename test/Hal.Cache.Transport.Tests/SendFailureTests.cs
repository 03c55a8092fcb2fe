using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Hal.Cache.Contracts.Connections;

namespace Hal.Cache.Transport.Tests;

public sealed class SendFailureTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60); // a loaded machine

    [Fact]
    public async Task Whoever_can_send_nothing_is_told_why_in_the_systems_words()
    {
        using var transport = new EpollTransport();
        using var listening = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listening.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listening.Listen();
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listening.LocalEndPoint!);
        ILoopConnection connection = transport.Take(await listening.AcceptAsync());
        await connection.Output.WriteAsync("some"u8.ToArray());
        string? before = connection.Failure;

        client.Close(0); // with bytes that it has not read: a reset
        FlushResult flushed;
        using var stop = new CancellationTokenSource(Bound);
        do
            flushed = await connection.Output.WriteAsync("more"u8.ToArray(), stop.Token);
        while (!flushed.IsCompleted);

        Assert.Null(before);
        Assert.Contains(connection.Failure, (string[])["Connection reset by peer", "Broken pipe"]);
        await connection.DisposeAsync();
    }
}
