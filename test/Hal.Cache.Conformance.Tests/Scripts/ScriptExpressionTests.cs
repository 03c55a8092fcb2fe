using System.Text;
using System.Text.RegularExpressions;
using Hal.Cache.Conformance.Tests.Servers;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;
using Xunit.Abstractions;

namespace Hal.Cache.Conformance.Tests.Scripts;

/// <summary>The libraries of scripts, side by side with redis-server's.</summary>
public sealed partial class ScriptExpressionTests(ITestOutputHelper output)
{
    private static readonly string[][] Before = [["FLUSHALL"], ["RPUSH", "l", "a"], ["HSET", "h", "f", "v"], ["ZADD", "z", "1.5", "a"], ["SADD", "s", "m"]];

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Scripts_answer_as_those_of_redis_do_byte_for_byte(int protocol)
    {
        using var model = ServersUnderTest.Start("redis", output);
        if (model is null) return;
        using var silo = SiloProcess.Started(new SiloProcessOptions { ClusterView = "off" });

        var wanted = Replies(model.Port, protocol);
        var got = Replies(silo.Port, protocol);

        var wrong = new StringBuilder();
        for (var i = 0; i < wanted.Length; i++)
        {
            if (wanted[i] != got[i]) wrong.Append($"{ScriptExpressions.All[i]}\n  redis answered {wanted[i]}\n  the silo       {got[i]}\n");
        }

        Assert.True(wrong.Length == 0, wrong.ToString());
    }

    private static string[] Replies(int port, int protocol)
    {
        using var client = new RespTestClient(port);
        client.Command("HELLO", $"{protocol}");
        foreach (var command in Before) client.Command(command);
        foreach (var script in ScriptExpressions.All) client.Send("EVAL", script, "1", "h");
        return [.. ScriptExpressions.All.Select(_ =>
        {
            client.Receive(out var raw);
            return Pointer().Replace(Encoding.Latin1.GetString(raw), "0xP");
        })];
    }

    [GeneratedRegex("0x[0-9a-f]{6,}")]
    private static partial Regex Pointer();
}
