using System.Text;
using Hal.Cache.Contracts.Origins;
using Hal.Cache.Gateway.Tests.Clients;
using Hal.Cache.Testing.Origins;

namespace Hal.Cache.Gateway.Tests.Commands;

public sealed class OriginCopyTests
{
    private const int Bytes = 1_000_000;

    private readonly MemoryOrigin memory = new();
    private readonly CountingOrigin origin;
    private readonly byte[] value = new byte[Bytes];

    public OriginCopyTests()
    {
        origin = new(memory);
        new Random(5).NextBytes(value);
        memory.Put("large", value);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Copy_of_an_object_that_is_partly_here_reads_what_is_missing_once(bool readsSomeFirst)
    {
        await using ConnectionHost host = Start();
        if (readsSomeFirst) Assert.StartsWith("$1001\r\n", await AskAsync(host, 1010, "GETRANGE", "o/large", "300000", "301000"), StringComparison.Ordinal);

        string copied = await AskAsync(host, 4, "COPY", "o/large", "mine");

        Assert.Equal(":1\r\n", copied);
        Assert.Null(origin.FirstByteReadTwice("large"));
        Assert.Equal(Bytes, origin.BytesRead);
        memory.Remove("large");
        Assert.Equal(Reply(), await AskAsync(host, Reply().Length, "GET", "mine"));
        Assert.Equal(Reply(), await AskAsync(host, Reply().Length, "GET", "o/large"));
        Assert.Equal(Bytes, origin.BytesRead);
    }

    [Fact]
    public async Task Copy_leaves_a_target_alone_unless_it_may_replace_it()
    {
        await using ConnectionHost host = Start();
        await AskAsync(host, 5, "SET", "mine", "kept");

        string refused = await AskAsync(host, 4, "COPY", "o/large", "mine");
        string kept = await AskAsync(host, 10, "GET", "mine");
        string replaced = await AskAsync(host, 4, "COPY", "o/large", "mine", "REPLACE");

        Assert.Equal((":0\r\n", "$4\r\nkept\r\n", ":1\r\n"), (refused, kept, replaced));
        Assert.Equal(Reply(), await AskAsync(host, Reply().Length, "GET", "mine"));
    }

    [Fact]
    public async Task Copy_fails_and_makes_nothing_when_the_origin_does()
    {
        var faulty = new FaultyOrigin(memory, seed: 3) { FailEvery = 1, FailOn = OriginCall.Read };
        await using var host = new ConnectionHost(origin: new OriginMount("o/"u8.ToArray(), faulty, Freshness.Immutable));

        string reply = await AskAsync(host, 1, "COPY", "o/large", "mine");

        Assert.Equal("-", reply);
        await host.SendAsync(ConnectionHost.Request("EXISTS", "mine") + ConnectionHost.Request("QUIT"));
        Assert.EndsWith(":0\r\n+OK\r\n", await host.ReceiveAllAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("COPY")]
    [InlineData("RENAME")]
    public async Task Memory_of_a_large_value_comes_back_when_all_its_keys_are_gone(string command)
    {
        await using ConnectionHost host = Start();
        string large = new('x', 4 << 20);
        for (int round = 0; round < 3; round++)
        {
            await AskAsync(host, 5, "SET", "first", large);
            await AskAsync(host, 4, command, "first", "second");
            await host.SendAsync(ConnectionHost.Request("DEL", "first", "second") + ConnectionHost.Request("EXISTS", "first"));
            string rest = "";
            while (!rest.EndsWith(":0\r\n", StringComparison.Ordinal)) rest += await host.ReceiveAsync(1);
        }

        long bytes = host.State.Keyspace.Store.Statistics.MemoryBytes;
        Assert.True(bytes < 2 << 20, $"{bytes} bytes are still in use");
    }

    private ConnectionHost Start() => new(origin: new OriginMount("o/"u8.ToArray(), origin, Freshness.Immutable));

    private string Reply() => $"${Bytes}\r\n{Encoding.Latin1.GetString(value)}\r\n";

    // Large requests do not fit into the pipe at once: they are sent while the reply is awaited.
    private static async Task<string> AskAsync(ConnectionHost host, int bytes, params string[] args)
    {
        Task sent = host.SendAsync(ConnectionHost.Request(args));
        string reply = "";
        while (reply.Length < bytes) reply += await host.ReceiveAsync(Math.Min(bytes - reply.Length, 60_000));
        await sent;
        return reply;
    }
}
