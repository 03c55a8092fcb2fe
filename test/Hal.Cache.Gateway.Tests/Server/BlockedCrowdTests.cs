namespace Hal.Cache.Gateway.Tests.Server;

public sealed class BlockedCrowdTests
{
    [Fact]
    public async Task Ten_thousand_clients_wait_are_served_in_their_order_and_hold_up_nobody()
    {
        const int clients = 10_000, keys = 10;
        await using var host = new ServerHost();
        var waits = new Task<string>[clients];
        for (int i = 0; i < clients; i++)
        {
            waits[i] = host[$"c{i}"].RunAsync(["BLPOP", $"k{i % keys}", "0"]);
            await WaitingAsync(host, i + 1);
        }

        Assert.Equal("+PONG\r\n", await host["other"].RunAsync(["PING"]));
        for (int key = 0; key < keys; key++)
        {
            string[] elements = [.. Enumerable.Range(0, clients / keys).Select(n => $"{n}")];
            Assert.Equal($":{clients / keys}\r\n", await host["other"].RunAsync(["RPUSH", $"k{key}", .. elements]));
        }

        string[] replies = await Task.WhenAll(waits);
        for (int i = 0; i < clients; i++)
        {
            string element = $"{i / keys}";
            Assert.Equal($"*2\r\n$2\r\nk{i % keys}\r\n${element.Length}\r\n{element}\r\n", replies[i]);
        }

        Assert.Equal(0, host.State.Blocked.Count);
    }

    private static async Task WaitingAsync(ServerHost host, int count)
    {
        while (host.State.Blocked.Count < count) await Task.Yield();
    }
}
