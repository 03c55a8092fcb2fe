using Hal.Cache.Gateway.Clients;
using static Hal.Cache.Gateway.Tests.Clients.ConnectionHost;

namespace Hal.Cache.Gateway.Tests.Clients;

public sealed class ConnectionBuffersTests
{
    private const int KeptBytesMax = 256 << 10;

    [Fact]
    public async Task A_connection_does_not_keep_the_memory_of_its_largest_reply()
    {
        await using var host = new ConnectionHost();
        string value = new('v', 60_000);
        for (int i = 0; i < 20; i++)
        {
            await host.SendAsync(Request("RPUSH", "list", value));
            await host.ReceiveAsync(i < 9 ? 4 : 5);
        }

        Task sent = host.SendAsync(Request("LRANGE", "list", "0", "-1") + Request("ECHO", "done"));
        string reply = await host.ReceiveAsync(5 + (20 * 60_010) + 10);

        await sent;
        Assert.EndsWith("$4\r\ndone\r\n", reply, StringComparison.Ordinal);
        Assert.InRange(ClientMemory.Of(host.Client).ReplyRoom, 0, KeptBytesMax);
    }

    [Fact]
    public async Task What_has_come_of_a_request_counts_until_the_request_has_run()
    {
        await using var host = new ConnectionHost();
        string request = Request("SET", "k", new string('v', 50_000));
        await host.SendAsync(Request("ECHO", "a") + request[..40_000]);
        await host.ReceiveAsync(7);

        ClientMemory half = ClientMemory.Of(host.Client);
        await host.SendAsync(request[40_000..] + Request("ECHO", "b"));
        await host.ReceiveAsync(12);

        Assert.Equal(40_000, half.Query);
        Assert.InRange(half.QueryFree, request.Length - 40_000, 1 << 20);
        Assert.Equal(0, ClientMemory.Of(host.Client).Query);
    }
}
