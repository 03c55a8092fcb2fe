using Hal.Cache.Gateway.Tests.Server;

namespace Hal.Cache.Gateway.Tests.Commands;

public sealed class EmptyKeyTests
{
    [Theory]
    [InlineData("KEYS", "*", "*1\r\n$0\r\n\r\n")]
    [InlineData("KEYS", "**", "*0\r\n")]
    [InlineData("KEYS", "?", "*0\r\n")]
    public async Task The_empty_key_is_listed_where_redis_lists_it(string command, string pattern, string expected)
    {
        await using var host = new ServerHost();
        await host["a"].RunAsync(["SET", "", "v"]);

        Assert.Equal(expected, await host["a"].RunAsync([command, pattern]));
    }

    [Fact]
    public async Task The_empty_key_is_scanned()
    {
        await using var host = new ServerHost();
        await host["a"].RunAsync(["SET", "", "v"]);

        Assert.Equal("*2\r\n$1\r\n0\r\n*1\r\n$0\r\n\r\n", await host["a"].RunAsync(["SCAN", "0", "MATCH", "*"]));
    }
}
