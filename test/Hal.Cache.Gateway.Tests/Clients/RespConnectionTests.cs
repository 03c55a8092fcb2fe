using Hal.Cache.Contracts.Storage;
using static Hal.Cache.Gateway.Tests.Clients.ConnectionHost;

namespace Hal.Cache.Gateway.Tests.Clients;

public sealed class RespConnectionTests
{
    [Fact]
    public async Task Connection_answers_in_order_when_requests_are_pipelined()
    {
        await using var host = new ConnectionHost();

        await host.SendAsync(Request("SET", "k", "v") + Request("get", "k") + "GET k\r\n" + Request("INCR", "n"));

        Assert.Equal("+OK\r\n$1\r\nv\r\n$1\r\nv\r\n:1\r\n", await host.ReceiveAsync(23));
    }

    [Fact]
    public async Task Connection_runs_a_request_at_once_when_a_large_argument_ends_it()
    {
        await using var host = new ConnectionHost();
        string value = new('x', 200_000);
        Task sent = host.SendAsync(Request("SET", "k", value));

        Assert.Equal("+OK\r\n", await host.ReceiveAsync(5));

        await sent;
        await host.SendAsync(Request("GETRANGE", "k", "199998", "-1") + Request("STRLEN", "k"));
        Assert.Equal("$2\r\nxx\r\n:200000\r\n", await host.ReceiveAsync(17));
    }

    [Fact]
    public async Task Connection_streams_a_large_value_when_it_is_read()
    {
        await using var host = new ConnectionHost();
        string value = string.Concat(Enumerable.Range(0, 60_000).Select(i => $"{i:D5}"));
        Task sent = host.SendAsync(Request("SET", "k", value) + Request("GET", "k") + Request("STRLEN", "k"));

        string reply = await host.ReceiveAsync(5 + 9 + value.Length + 2 + 9);

        await sent;
        Assert.Equal($"+OK\r\n${value.Length}\r\n{value}\r\n:{value.Length}\r\n", reply);
        Assert.InRange(host.Output.Taken, 5, int.MaxValue); // its chunks, from where they lie
    }

    [Fact]
    public async Task Connection_sends_short_pieces_and_dumps_as_copies()
    {
        await using var host = new ConnectionHost();
        var bytes = new byte[65_536 + 1000];
        new Random(3).NextBytes(bytes); // or its dump would be short
        string value = System.Text.Encoding.Latin1.GetString(bytes);
        Task sent = host.SendAsync(Request("SET", "k", value) + Request("GETRANGE", "k", "65000", "66000") + Request("DUMP", "k"));

        string reply = await host.ReceiveAsync(5 + 7 + 1001 + 2 + 8 + value.Length);

        await sent;
        Assert.StartsWith($"+OK\r\n$1001\r\n{value[65_000..66_001]}\r\n$665", reply, StringComparison.Ordinal);
        Assert.Equal(0, host.Output.Taken);
    }

    [Theory]
    [InlineData("*1\r\n$-5\r\n", "-ERR Protocol error: invalid bulk length\r\n")]
    [InlineData("*9999999999\r\n", "-ERR Protocol error: invalid multibulk length\r\n")]
    [InlineData("*1\r\n+PING\r\n", "-ERR Protocol error: expected '$', got '+'\r\n")]
    [InlineData("GET \"k\r\n", "-ERR Protocol error: unbalanced quotes in request\r\n")]
    public async Task Connection_answers_and_closes_when_the_protocol_is_broken(string bytes, string reply)
    {
        await using var host = new ConnectionHost();

        await host.SendAsync(Request("INCR", "n") + bytes);

        Assert.Equal(":1\r\n" + reply, await host.ReceiveAllAsync());
        await host.Running.WaitAsync(WaitMax);
    }

    [Theory]
    [InlineData("nosuch a b\r\n", "-ERR unknown command 'nosuch', with args beginning with: 'a' 'b' \r\n")]
    [InlineData("get\r\n", "-ERR wrong number of arguments for 'get' command\r\n")]
    [InlineData("get a b\r\n", "-ERR wrong number of arguments for 'get' command\r\n")]
    public async Task Connection_stays_open_when_a_command_is_refused(string request, string reply)
    {
        await using var host = new ConnectionHost();

        await host.SendAsync(request + Request("INCR", "n"));

        Assert.Equal(reply + ":1\r\n", await host.ReceiveAsync(reply.Length + 4));
    }

    [Fact]
    public async Task Connection_refuses_commands_when_it_has_not_authenticated()
    {
        await using var host = new ConnectionHost("secret");

        await host.SendAsync(Request("GET", "k"));

        Assert.Equal("-NOAUTH Authentication required.\r\n", await host.ReceiveAsync(34));
    }

    [Fact]
    public async Task Connection_refuses_a_key_when_it_is_longer_than_the_limit()
    {
        await using var host = new ConnectionHost();
        Task sent = host.SendAsync(Request("GET", new string('k', 70_000)) + Request("INCR", "n"));

        Assert.Equal($"-ERR key is longer than {BlobKey.BytesMax} bytes\r\n:1\r\n", await host.ReceiveAsync(41));
        await sent;
    }

    [Fact]
    public async Task Connection_stops_reading_when_the_client_does_not_take_its_replies()
    {
        await using var host = new ConnectionHost();
        const int Gets = 20_000;
        await host.SendAsync(Request("SET", "k", new string('v', 1000)));
        Assert.Equal("+OK\r\n", await host.ReceiveAsync(5));
        Task sent = host.SendAsync(string.Concat(Enumerable.Repeat(Request("GET", "k"), Gets)));

        // One pass of replies fills the output; what was sent can't all have been read by then.
        await host.ReceiveAsync(1);
        Assert.False(sent.IsCompleted);

        string rest = await host.ReceiveAsync((Gets * 1009) - 1);
        Assert.Equal((Gets * 1009) - 1, rest.Length);
        await sent;
    }

    [Fact]
    public async Task Connection_keeps_the_order_when_a_long_command_moves_to_another_thread()
    {
        await using var host = new ConnectionHost();

        await host.SendAsync(Request("SET", "k", "v") + Request("KEYS", "*") + Request("GET", "k"));

        Assert.Equal("+OK\r\n*1\r\n$1\r\nk\r\n$1\r\nv\r\n", await host.ReceiveAsync(23));
    }

    [Fact]
    public async Task Connection_ends_quietly_when_the_client_leaves_within_a_large_argument()
    {
        await using var host = new ConnectionHost();
        await host.SendAsync("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$100000\r\nabc");

        await host.Requests.CompleteAsync();

        Assert.Equal("", await host.ReceiveAllAsync());
        await host.Running.WaitAsync(WaitMax);
    }
}
