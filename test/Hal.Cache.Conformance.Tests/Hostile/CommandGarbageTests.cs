using System.Net.Sockets;
using Hal.Cache.Conformance.Tests.Differential;
using Hal.Cache.Conformance.Tests.Servers;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;
using Xunit.Abstractions;

namespace Hal.Cache.Conformance.Tests.Hostile;

/// <summary>Every command of the table with arguments of all kinds: each request has one reply, and the server goes on.</summary>
public sealed class CommandGarbageTests(ITestOutputHelper output)
{
    private const int StandardSeed = 90210;
    private const int RequestsEach = 60;
    private const int RequestsEachAtLeaf = 15;
    private static readonly TimeSpan ReplyWait = TimeSpan.FromSeconds(30);

    // What ends the server, the connection or its protocol, or lets the connection wait, is no error.
    private static readonly HashSet<string> LeftOut = new(StringComparer.OrdinalIgnoreCase)
    {
        "shutdown", "quit", "monitor", "subscribe", "psubscribe", "ssubscribe", "unsubscribe", "punsubscribe", "sunsubscribe", "auth", "hello", "reset", "client|reply", "client|kill",
        "client|pause", "client|tracking", "acl|setuser", "acl|deluser", "acl|load", "config|set", "debug", "wait", "multi", "exec", "discard", "hal.peer|hello", "hal.peer|auth", "hal.peer|call",
    };

    // A timeout of zero is for ever: within a transaction these do not wait.
    private static readonly HashSet<string> Waiting = new(StringComparer.OrdinalIgnoreCase)
    {
        "blpop", "brpop", "blmove", "brpoplpush", "blmpop", "bzpopmin", "bzpopmax", "bzmpop", "xread", "xreadgroup",
    };

    [Theory]
    [InlineData("silo", RequestsEach)]
    [InlineData("leaf", RequestsEachAtLeaf)]
    public void Every_request_has_one_reply_whatever_its_arguments_are(string name, int requests)
    {
        var seed = TestSeed.Of(StandardSeed);
        using var server = ServersUnderTest.Start(name, output, new SiloProcessOptions { Memory = "64mb", Disk = "256mb" })!;
        var client = new RespTestClient(server.Port, ReplyWait);
        var commands = Commands(client).Where(one => !LeftOut.Contains(one.Name)).ToList();
        var garbage = new TypedGarbage(new Random(seed), [.. commands.Select(one => one.Name)]);
        var sent = 0;
        foreach (var (command, arity) in commands)
        {
            client.Command("RESET");
            foreach (var request in TypedGarbage.Prelude) client.Send(request);
            foreach (var _ in TypedGarbage.Prelude) client.Receive();
            for (var i = 0; i < requests; i++, sent++)
            {
                var request = garbage.Request(command.Split('|'), arity);
                Exchange(client, request, Waiting.Contains(command), $"seed {seed}, {name}: {Difference.Printed(request)}", server);
            }
        }

        var endless = Enumerable.Repeat((byte)'x', 100_000).ToArray();
        Assert.StartsWith("ERR unknown command 'xxx", client.Command(endless).Text, StringComparison.Ordinal);
        Assert.StartsWith("ERR unknown subcommand 'xxx", client.Command("CONFIG"u8.ToArray(), endless).Text, StringComparison.Ordinal);
        Assert.Contains("numkeys", client.Command("LMPOP"u8.ToArray(), endless, "list"u8.ToArray(), "LEFT"u8.ToArray()).Text, StringComparison.Ordinal);
        output.WriteLine($"{name}, seed {seed}: {sent} requests of {commands.Count} commands.");
        Assert.Equal("PONG", client.Command("PING").Text);
        client.Dispose();
        Assert.True(server.IsRunning);
        Assert.DoesNotContain("xception", server.Output, StringComparison.Ordinal);
    }

    private static void Exchange(RespTestClient client, byte[][] request, bool isWrapped, string what, IServerUnderTest server)
    {
        try
        {
            if (isWrapped) client.Send("MULTI");
            client.Send(request);
            if (isWrapped) client.Send("EXEC");
            for (var replies = isWrapped ? 3 : 1; replies > 0; replies--) client.Receive();
        }
        catch (Exception e) when (e is EndOfStreamException or SocketException or FormatException)
        {
            Assert.Fail($"{what}: {e.Message}\n{server.Output}");
        }
    }

    private static IEnumerable<(string Name, int Arity)> Commands(RespTestClient client) =>
        client.Command("COMMAND").Items!.SelectMany(one => one.Items![9].Items is { Count: > 0 } subs ? subs.Select(Named) : [Named(one)]);

    private static (string Name, int Arity) Named(RespTestReply one) => (one.Items![0].Text, (int)one.Items[1].Number);
}
