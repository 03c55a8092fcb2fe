using System.Text;
using static Hal.Cache.Gateway.Tests.Clients.ConnectionHost;

namespace Hal.Cache.Gateway.Tests.Clients;

public sealed class ConnectionFuzzTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Connection_answers_the_same_when_requests_are_split_anywhere(int seed)
    {
        var random = new Random(seed);
        var requests = new StringBuilder();
        var expected = new StringBuilder();
        var model = new Dictionary<string, string>();
        for (int i = 0; i < 150; i++)
        {
            string key = $"k{random.Next(10)}";
            if (random.Next(2) == 0)
            {
                string value = new((char)('a' + random.Next(26)), random.Next(8) == 0 ? random.Next(60_000, 140_000) : random.Next(300));
                requests.Append(Request("SET", key, value));
                model[key] = value;
                expected.Append("+OK\r\n");
            }
            else
            {
                requests.Append(random.Next(4) == 0 ? $"get \"{key}\"\r\n" : Request("GET", key));
                expected.Append(model.TryGetValue(key, out string? held) ? $"${held.Length}\r\n{held}\r\n" : "$-1\r\n");
            }
        }

        await using var host = new ConnectionHost();
        Task sent = SendSplitAsync(host, Encoding.Latin1.GetBytes(requests.ToString()), random);

        string replies = await host.ReceiveAllAsync();

        await sent;
        Assert.True(expected.ToString() == replies, $"Replies differ with seed {seed}.");
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    public async Task Connection_ends_in_order_when_bytes_are_damaged(int seed)
    {
        var random = new Random(seed);
        for (int round = 0; round < 60; round++)
        {
            byte[] bytes = Encoding.Latin1.GetBytes(string.Concat(Enumerable.Range(0, 20).Select(i =>
                i % 3 == 0 ? Request("SET", $"k{i}", new string('v', random.Next(200))) : Request("GET", $"k{i}"))));
            for (int damage = random.Next(1, 6); damage > 0; damage--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);

            await using var host = new ConnectionHost();
            Task sent = SendSplitAsync(host, bytes, random);
            string replies = await host.ReceiveAllAsync();
            await sent;

            await host.Running.WaitAsync(WaitMax);
            Assert.True(host.Running.IsCompletedSuccessfully, $"The connection failed with seed {seed}, round {round}.");
            Assert.True(replies.Length == 0 || "+-:$*_".Contains(replies[0], StringComparison.Ordinal), $"No reply with seed {seed}.");
        }
    }

    private static async Task SendSplitAsync(ConnectionHost host, byte[] bytes, Random random)
    {
        for (int at = 0; at < bytes.Length;)
        {
            int count = Math.Min(bytes.Length - at, random.Next(3) switch { 0 => random.Next(1, 8), 1 => random.Next(1, 200), _ => random.Next(1, 9000) });
            var flushed = await host.Requests.WriteAsync(bytes.AsMemory(at, count));
            if (flushed.IsCompleted) break; // closed after a protocol error
            at += count;
        }

        await host.Requests.CompleteAsync();
    }
}
