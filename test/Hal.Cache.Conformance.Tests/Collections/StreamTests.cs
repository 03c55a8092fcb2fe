using Hal.Cache.Conformance.Tests.Servers;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;
using Xunit.Abstractions;

namespace Hal.Cache.Conformance.Tests.Collections;

/// <summary>Streams: clients that wait, groups, and what is left after a restart.</summary>
public sealed class StreamTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    public static TheoryData<string> Servers => ServersUnderTest.SiloAndControl;

    [Theory]
    [MemberData(nameof(Servers))]
    public Task All_who_wait_for_a_stream_get_its_next_entry(string name) => RunAsync(name, async (server, adder) =>
    {
        adder.Command("XADD", "s", "1-1", "f", "old");
        using var first = await BlockedAsync(server, adder, 1, "XREAD", "BLOCK", "0", "STREAMS", "s", "other", "$", "0");
        using var second = await BlockedAsync(server, adder, 2, "XREAD", "BLOCK", "0", "COUNT", "1", "STREAMS", "s", "1-1");

        adder.Command("XADD", "s", "2-1", "f", "new");

        Assert.Equal("*[*[$s, *[*[$2-1, *[$f, $new]]]]]", Flat(first.Receive()));
        Assert.Equal("*[*[$s, *[*[$2-1, *[$f, $new]]]]]", Flat(second.Receive()));
    });

    [Theory]
    [MemberData(nameof(Servers))]
    public Task A_new_entry_goes_to_one_consumer_of_a_group(string name) => RunAsync(name, async (server, adder) =>
    {
        adder.Command("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM");
        using var first = await BlockedAsync(server, adder, 1, "XREADGROUP", "GROUP", "g", "a", "BLOCK", "0", "STREAMS", "s", ">");
        using var second = await BlockedAsync(server, adder, 2, "XREADGROUP", "GROUP", "g", "b", "BLOCK", "0", "STREAMS", "s", ">");

        adder.Command("XADD", "s", "1-1", "f", "x");
        Assert.Equal("*[*[$s, *[*[$1-1, *[$f, $x]]]]]", Flat(first.Receive()));
        adder.Command("XADD", "s", "2-1", "f", "y");

        Assert.Equal("*[*[$s, *[*[$2-1, *[$f, $y]]]]]", Flat(second.Receive()));
        Assert.Equal("*[:2, $1-1, $2-1, *[*[$a, $1], *[$b, $1]]]", Flat(adder.Command("XPENDING", "s", "g")));
    });

    [Theory]
    [InlineData("XGROUP DESTROY s g", "NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option")]
    [InlineData("DEL s", "NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option")]
    [InlineData("SET s x", "WRONGTYPE Operation against a key holding the wrong kind of value")]
    [InlineData("RENAME s t", "NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option")]
    public async Task Who_waits_for_a_group_gets_an_error_when_it_goes(string end, string error)
    {
        ArgumentNullException.ThrowIfNull(end);
        using var silo = SiloProcess.Started();
        using var adder = new RespTestClient(silo.Port);
        adder.Command("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM");
        using var reader = await BlockedAsync(silo, adder, 1, "XREADGROUP", "GROUP", "g", "a", "BLOCK", "0", "STREAMS", "s", ">");

        adder.Command(end.Split(' '));

        Assert.Equal(error, reader.Receive().Text);
    }

    [Fact]
    public void Streams_are_the_same_after_a_restart()
    {
        using var silo = SiloProcess.Started();
        string before;
        using (var client = new RespTestClient(silo.Port))
        {
            for (var i = 1; i <= 500; i++) client.Command("XADD", "s", $"{i}-1", "f", $"v{i}", "g", "x");
            client.Command("XGROUP", "CREATE", "s", "g", "0");
            client.Command("XREADGROUP", "GROUP", "g", "a", "COUNT", "50", "STREAMS", "s", ">");
            client.Command("XCLAIM", "s", "g", "b", "0", "3-1", "4-1", "JUSTID");
            client.Command("XACK", "s", "g", "1-1", "2-1");
            client.Command("XDEL", "s", "5-1", "77-1");
            client.Command("XTRIM", "s", "MAXLEN", "450");
            client.Command("XSETID", "s", "900-1");
            before = State(client);
        }

        silo.Terminate();
        silo.Start();

        using var after = new RespTestClient(silo.Port);
        Assert.Equal(before, State(after));
    }

    private static string State(RespTestClient client) => string.Join('\n', new[]
    {
        "XINFO STREAM s", "XINFO GROUPS s", "XINFO STREAM s FULL COUNT 0", "XRANGE s - +", "XPENDING s g", "TYPE s", "OBJECT ENCODING s",
    }.Select(line => Flat(client.Command(line.Split(' ')))));

    private async Task RunAsync(string name, Func<IServerUnderTest, RespTestClient, Task> test)
    {
        using var server = ServersUnderTest.Start(name, output);
        if (server is null) return;
        using var adder = new RespTestClient(server.Port);
        await test(server, adder);
    }

    private static async Task<RespTestClient> BlockedAsync(IServerUnderTest server, RespTestClient asker, int count, params string[] command)
    {
        var client = new RespTestClient(server.Port);
        client.Send(command);
        Assert.True(await Eventually.HoldsAsync(() => asker.Command("INFO", "clients").Text.Contains($"blocked_clients:{count}\r", StringComparison.Ordinal), Limit));
        return client;
    }

    private static string Flat(RespTestReply reply) => reply.Items is { } items ? $"*[{string.Join(", ", items.Select(Flat))}]" : reply.Type + reply.Text;
}
