using System.Text;
using Hal.Cache.Gateway.Tests.Server;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;
using Xunit.Abstractions;

namespace Hal.Cache.Gateway.Tests.Replies;

/// <summary>The reply tables, against this gateway and against the installed Redis, which shows that the tables are right.</summary>
public sealed class ReplyTableTests(ITestOutputHelper output)
{
    private static readonly (string Script, string Resp2, string? Resp3)[] All =
        [.. ConnectionReplies.Rows, .. ServerReplies.Rows, .. KeysReplies.Rows, .. TransactionReplies.Rows, .. CollectionReplies.Rows, .. AclReplies.Rows];

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Gateway_replies_as_the_tables_have_it(int protocol)
    {
        var wrong = new StringBuilder();
        foreach ((string script, string resp2, string? resp3) in All)
        {
            await using var host = new ServerHost();
            string expected = protocol == 3 ? resp3 ?? resp2 : resp2;

            string got = await host.RunAsync($"a>HELLO {protocol}; " + string.Join("; ", script.Split("; ").Select(command => "a>" + command)));

            if (got != expected.TrimEnd('|')) wrong.Append($"{script}\n  expected {expected}\n  got      {got}\n");
        }

        Assert.True(wrong.Length == 0, wrong.ToString());
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Redis_replies_as_the_tables_have_it(int protocol)
    {
        if (!RedisServerProcess.IsAvailable)
        {
            output.WriteLine("redis-server is not installed: the tables were not compared with it.");
            return;
        }

        using RedisServerProcess redis = RedisServerProcess.Started();
        var wrong = new StringBuilder();
        foreach ((string script, string resp2, string? resp3) in All)
        {
            using var client = new RespTestClient(redis.Port);
            client.Command("FLUSHALL");
            client.Command("HELLO", $"{protocol}");
            string expected = protocol == 3 ? resp3 ?? resp2 : resp2;

            var got = new StringBuilder();
            foreach (string command in script.Split("; "))
            {
                client.Send(command.Split(' '));
                client.Receive(out byte[] raw);
                got.Append(Encoding.Latin1.GetString(raw).Replace("\r\n", "|", StringComparison.Ordinal));
            }

            if (got.ToString() != expected + "|") wrong.Append($"{script}\n  expected {expected}\n  got      {got}\n");
        }

        Assert.True(wrong.Length == 0, wrong.ToString());
    }
}
