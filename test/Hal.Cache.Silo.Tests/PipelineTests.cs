using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Hal.Cache.Testing.Clients;

namespace Hal.Cache.Silo.Tests;

/// <summary>Many clients send all of a pipeline before they read its first reply: neither end may then wait for the other.</summary>
public sealed class PipelineTests : SiloHome
{
    private const int LargeBytes = 3_000_000;

    [Fact]
    public async Task All_of_a_pipeline_is_taken_before_a_reply_is_read()
    {
        const int small = 100_000;
        await using var run = await SiloRun.ServeAsync(Home, AnyPort);
        using var client = new RespTestClient(IPEndPoint.Parse(run.Ready["resp"]).Port, receiveBufferBytes: 64 << 10);
        var requests = new StringBuilder();
        for (var i = 0; i < small; i++)
            requests.Append(CultureInfo.InvariantCulture, $"*2\r\n$4\r\nECHO\r\n$100\r\n{i,100}\r\n");

        client.SendRaw(Encoding.ASCII.GetBytes(requests.ToString()));

        for (var i = 0; i < small; i++)
            Assert.Equal($"{i,100}", client.Receive().Text);
    }

    [Fact]
    public async Task Who_has_not_said_who_he_is_is_not_read_ahead_of_his_replies()
    {
        await using var run = await SiloRun.ServeAsync(Home, [.. AnyPort, "--requirepass", "secret"]);
        using var client = new RespTestClient(IPEndPoint.Parse(run.Ready["resp"]).Port, TimeSpan.FromSeconds(2), receiveBufferBytes: 64 << 10);
        var pings = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("PING\r\n", 5_000_000)));

        Assert.Throws<SocketException>(() => client.SendRaw(pings));
    }

    [Fact]
    public async Task Large_arguments_behind_replies_that_nobody_reads_arrive_whole()
    {
        const int large = 10;
        await using var run = await SiloRun.ServeAsync(Home, AnyPort);
        using var client = new RespTestClient(IPEndPoint.Parse(run.Ready["resp"]).Port, receiveBufferBytes: 64 << 10);

        for (var i = 0; i < large; i++)
        {
            client.Send("SET"u8.ToArray(), "large"u8.ToArray(), Value(i));
            client.Send("GET", "large");
            client.Send("ECHO", $"{i}");
        }

        for (var i = 0; i < large; i++)
        {
            Assert.Equal("OK", client.Receive().Text);
            Assert.Equal(Value(i), client.Receive().Bytes);
            Assert.Equal($"{i}", client.Receive().Text);
        }
    }

    private static byte[] Value(int seed)
    {
        var bytes = new byte[LargeBytes + seed];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
