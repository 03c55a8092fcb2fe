using System.Net;
using System.Net.Sockets;
using Hal.Cache.Benchmarks.Load;

namespace Hal.Cache.Benchmarks.Tests.Load;

public sealed class RespSocketTests
{
    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Read_counts_bulks_larger_than_its_buffer_and_finds_the_next_reply()
    {
        var large = RespSocket.BufferBytes * 3 + 17;
        var bytes = (byte[])[.. "+OK\r\n:42\r\n$-1\r\n-ERR no\r\n"u8, .. RespText($"${large}\r\n"), .. new byte[large], .. "\r\n$0\r\n\r\n+PONG\r\n"u8];

        var replies = await ReadAsync(bytes, 7);

        Assert.Equal(
            [new((byte)'+', 0, "OK"), new((byte)':', 42, null), new((byte)'$', -1, null), new((byte)'-', 0, "ERR no"),
                new((byte)'$', large, null), new((byte)'$', 0, null), new((byte)'+', 0, "PONG")],
            replies);
    }

    [Theory]
    [InlineData("")]
    [InlineData("$5\r\nab")]
    [InlineData("$x\r\n")]
    [InlineData("\r\n")]
    public async Task Read_fails_when_the_server_ends_or_breaks_a_reply(string text) =>
        await Assert.ThrowsAsync<BenchmarkException>(() => ReadAsync(RespText(text), 1));

    private static byte[] RespText(string text) => System.Text.Encoding.ASCII.GetBytes(text);

    private static async Task<List<WireReply>> ReadAsync(byte[] bytes, int count)
    {
        using var limit = new CancellationTokenSource(WaitMax);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var sending = SendAsync();
        using var socket = await RespSocket.ConnectAsync((IPEndPoint)listener.LocalEndpoint, limit.Token);
        var replies = new List<WireReply>();
        for (var i = 0; i < count; i++)
            replies.Add(await socket.ReadAsync(limit.Token));
        await sending;
        return replies;

        async Task SendAsync()
        {
            using var peer = await listener.AcceptSocketAsync(limit.Token);
            for (ReadOnlyMemory<byte> rest = bytes; rest.Length > 0;)
                rest = rest[await peer.SendAsync(rest, limit.Token)..];
        }
    }
}
