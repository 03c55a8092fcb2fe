using Hal.Cache.Silo.Settings;

namespace Hal.Cache.Silo.Tests.Settings;

public sealed class ListenAddressTests
{
    [Theory]
    [InlineData("127.0.0.1:6379", "127.0.0.1:6379")]
    [InlineData("[::1]:6379", "[::1]:6379")]
    [InlineData("localhost:0", "127.0.0.1:0")]
    [InlineData("0.0.0.0:65535", "0.0.0.0:65535")]
    public void An_address_is_a_host_and_a_port(string text, string endpoint)
    {
        Assert.True(ListenAddress.TryParse(text, out var parsed));
        Assert.Equal(endpoint, parsed.ToString());
    }

    [Fact]
    public void A_star_is_every_address()
    {
        Assert.True(ListenAddress.TryParse("*:1", out var parsed));
        Assert.Contains(parsed.Address, new[] { System.Net.IPAddress.IPv6Any, System.Net.IPAddress.Any });
    }

    [Theory]
    [InlineData("")]
    [InlineData("6379")]
    [InlineData(":6379")]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:")]
    [InlineData("127.0.0.1:65536")]
    [InlineData("127.0.0.1:-1")]
    [InlineData("127.1:80")]
    [InlineData("::1:80")]
    [InlineData("[::1:80")]
    [InlineData("[127.0.0.1]:80")]
    [InlineData("example.org:80")]
    public void Anything_else_is_refused(string text) => Assert.False(ListenAddress.TryParse(text, out _));
}
