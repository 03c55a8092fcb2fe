using System.Text;
using Hal.Cache.Gateway.Tests.Server;
using Hal.Cache.Storage.Eviction;

namespace Hal.Cache.Gateway.Tests.Commands;

public sealed class RestoreTests
{
    private const string Payload = "\0\u0005value\n\0"; // type, length, value, version; the checksum follows

    [Theory]
    [InlineData("lru", "IDLETIME", "IDLETIME", "1000")]
    [InlineData("lfu", "FREQ", "FREQ", "77")]
    public async Task Restore_takes_over_the_use_that_the_payload_comes_with(string policy, string option, string question, string value)
    {
        await using var host = new ServerHost(EvictionPolicies.Create(policy, 1));
        host.Time.Advance(TimeSpan.FromSeconds(5000));
        byte[] body = Encoding.Latin1.GetBytes(Payload);
        string whole = Payload + Encoding.Latin1.GetString(BitConverter.GetBytes(Hal.Cache.Resp.Crc64.Compute(body)));

        string reply = await host["a"].RunAsync(["RESTORE", "k", "0", whole, option, value]);

        Assert.Equal("+OK\r\n", reply);
        Assert.Equal($":{value}\r\n", await host["a"].RunAsync(["OBJECT", question, "k"]));
        Assert.Equal("$5\r\nvalue\r\n", await host["a"].RunAsync(["GET", "k"]));
    }

    [Theory]
    [InlineData(70_000)]
    [InlineData(3_000_001)]
    public async Task Large_values_come_back_from_their_payload(int length)
    {
        await using var host = new ServerHost();
        string value = string.Concat(Enumerable.Range(0, (length / 8) + 1).Select(i => $"{i * 7919 % 100_000_007:D8}"))[..length];
        await host["a"].RunAsync(["SET", "k", value]);
        string dump = await host["a"].RunAsync(["DUMP", "k"]);
        string payload = dump[(dump.IndexOf('\n', StringComparison.Ordinal) + 1)..^2];

        Assert.Equal("+OK\r\n", await host["a"].RunAsync(["RESTORE", "j", "0", payload]));
        Assert.Equal($"${length}\r\n{value}\r\n", await host["a"].RunAsync(["GET", "j"]));
        Assert.Equal("-BUSYKEY Target key name already exists.\r\n", await host["a"].RunAsync(["RESTORE", "j", "0", payload]));
        string damaged = string.Concat(payload.AsSpan(0, length / 2), "#", payload.AsSpan((length / 2) + 1));
        Assert.Equal("-ERR DUMP payload version or checksum are wrong\r\n", await host["a"].RunAsync(["RESTORE", "x", "0", damaged]));
        Assert.Equal("-ERR DUMP payload version or checksum are wrong\r\n", await host["a"].RunAsync(["RESTORE", "x", "0", new string('x', 100_000)]));
    }
}
