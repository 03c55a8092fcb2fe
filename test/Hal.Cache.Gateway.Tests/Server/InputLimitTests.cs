using Hal.Cache.Gateway.Tests.Clients;
using static Hal.Cache.Gateway.Tests.Clients.ConnectionHost;

namespace Hal.Cache.Gateway.Tests.Server;

/// <summary>What clients may send: proto-max-bulk-len, client-query-buffer-limit, and what is no request at all.</summary>
public sealed class InputLimitTests
{
    private const string TooLong = "-ERR string exceeds maximum allowed size (proto-max-bulk-len)";
    private const string BadOffset = "-ERR bit offset is not an integer or out of range";

    [Theory]
    [InlineData("a>CONFIG SET proto-max-bulk-len 1mb; a>SETRANGE k 1048575 x; a>SETRANGE k 1048576 x; a>APPEND k x; a>STRLEN k", "+OK|:1048576|" + TooLong + "|" + TooLong + "|:1048576")]
    [InlineData("a>CONFIG SET proto-max-bulk-len 1mb; a>SETBIT k 8388607 1; a>SETBIT k 8388608 1; a>GETBIT k 8388608", "+OK|:0|" + BadOffset + "|" + BadOffset)]
    [InlineData("a>CONFIG SET proto-max-bulk-len 1mb; a>BITFIELD k SET u8 #1048576 1; a>BITFIELD k GET u8 #1048575", "+OK|" + BadOffset + "|*1|:0")]
    [InlineData("a>CONFIG SET proto-max-bulk-len 1mb; a>CONFIG SET proto-max-bulk-len 4gb; a>SETRANGE k 1048576 x; a>SETRANGE k 536870912 x", "+OK|+OK|:1048577|" + TooLong)]
    public async Task A_command_makes_no_string_that_is_longer_than_an_argument_may_be(string script, string expected)
    {
        await using var host = new ServerHost();

        Assert.Equal(expected, await host.RunAsync(script));
    }

    [Fact]
    public async Task An_argument_beyond_proto_max_bulk_len_ends_the_connection()
    {
        await using var host = new ConnectionHost();
        await host.SendAsync(Request("CONFIG", "SET", "proto-max-bulk-len", "1mb"));
        await host.ReceiveAsync(5);

        await host.SendAsync("*2\r\n$4\r\nECHO\r\n$1048577\r\n");

        Assert.Equal("-ERR Protocol error: invalid bulk length\r\n", await host.ReceiveAllAsync());
    }

    [Fact]
    public async Task A_request_beyond_client_query_buffer_limit_ends_the_connection()
    {
        await using var host = new ConnectionHost();
        await host.SendAsync(Request("CONFIG", "SET", "client-query-buffer-limit", "1mb"));
        await host.ReceiveAsync(5);

        Task sent = host.SendAsync(Request(["MSET", .. Enumerable.Repeat(new string('v', 60_000), 18)]));

        Assert.StartsWith("-ERR Protocol error: ", await host.ReceiveAllAsync(), StringComparison.Ordinal);
        await sent;
    }

    [Theory]
    [InlineData("POST / HTTP/1.1\r\nSET k v\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nSET k v\r\n")]
    [InlineData("GET / HTTP/1.1\r\nhOsT: 127.0.0.1\r\nSET k v\r\n")]
    public async Task What_a_web_page_makes_a_browser_send_runs_no_command(string bytes)
    {
        await using var host = new ConnectionHost();

        await host.SendAsync(bytes);

        Assert.DoesNotContain("+OK", await host.ReceiveAllAsync(), StringComparison.Ordinal);
        await host.Running.WaitAsync(WaitMax);
    }
}
