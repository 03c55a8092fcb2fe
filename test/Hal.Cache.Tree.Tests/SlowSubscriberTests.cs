using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Tree.Tests;

/// <summary>Subscribers and schedulers that do not read: they fall behind, clients and other subscribers do not.</summary>
public sealed class SlowSubscriberTests
{
    private const int Subscribers = 20;
    private const int Keys = 60_000;
    private const int Batch = 500;
    private const long GrowthMax = 192L << 20;

    [Fact]
    public async Task Subscribers_that_never_read_hold_up_no_client_no_event_and_take_little_memory()
    {
        using var tree = TreeProcesses.Started(new SiloProcessOptions { Memory = "64mb", Disk = "256mb", WithPlane = true }, ("root", null), ("leaf", "root"));
        using var plane = new PlaneClient(tree["root"]);
        using var root = new RespTestClient(tree["root"].Port);
        await plane.UntilAsync("/v1/instances/root", PlaneClient.IsLive);
        var quiet = Write(root, "a");
        var before = ProcessUsage.ResidentBytes(tree["root"].Pid);
        var silent = Enumerable.Range(0, Subscribers).Select(i => Request(tree["root"].HttpPort, i % 2 == 0 ? "GET /v1/events?after=0" : "GET /v1/content/locations?prefix=a&limit=10000")).ToArray();
        try
        {
            var busy = Write(root, "b");

            Assert.True(busy < (quiet * 4) + TimeSpan.FromSeconds(2), $"{Keys} writes took {busy} with silent subscribers, {quiet} without");
            root.Command("SET", "last", "v");
            await plane.ChangeAsync(c => c.GetProperty("keys_added").EnumerateArray().Any(k => k.ToString() == "last"));
            await plane.HeldByAsync("last", "root");
            var growth = ProcessUsage.ResidentBytes(tree["root"].Pid) - before;
            Assert.True(growth < GrowthMax, $"memory grew by {growth} bytes");
        }
        finally
        {
            foreach (var socket in silent) socket.Dispose();
        }

        Assert.Equal("PONG", root.Command("PING").Text);
    }

    private static TimeSpan Write(RespTestClient client, string prefix)
    {
        var watch = Stopwatch.StartNew();
        for (var from = 0; from < Keys; from += Batch)
        {
            var request = new MemoryStream();
            for (var i = from; i < from + Batch; i++) request.Write(RespTestClient.Encode(RespTestClient.Bytes("SET", $"{prefix}:{i}", "v")));
            client.SendRaw(request.ToArray());
            for (var i = 0; i < Batch; i++) Assert.Equal("OK", client.Receive().Text);
        }

        return watch.Elapsed;
    }

    // Asks, and reads nothing; the kernel takes little for it.
    private static Socket Request(int port, string line)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        socket.Connect(IPAddress.Loopback, port);
        socket.Send(Encoding.ASCII.GetBytes($"{line} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        return socket;
    }
}
