using System.Text;
using Hal.Cache.Gateway.Tests.Server;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;
using Xunit.Abstractions;

namespace Hal.Cache.Gateway.Tests.Scripts;

/// <summary>The tables of scripts, against this gateway and against the installed Redis, which shows that the tables are right.</summary>
public sealed class ScriptTableTests(ITestOutputHelper output)
{
    private static readonly (string[][] Commands, string Reply)[] All = [.. EvalReplies.Rows, .. LibraryReplies.Rows, .. FunctionReplies.Rows];

    [Fact]
    public async Task Gateway_replies_to_scripts_as_the_tables_have_it()
    {
        var wrong = new StringBuilder();
        await using var host = new ServerHost();
        foreach ((string[][] commands, string reply) in All)
        {
            foreach (string[] reset in Resets) await host["a"].RunAsync(reset);
            var got = new StringBuilder();
            foreach (string[] command in commands) got.Append(await host["a"].RunAsync(command));

            Compare(commands, reply, got, wrong);
        }

        Assert.True(wrong.Length == 0, wrong.ToString());
    }

    [Fact]
    public void Redis_replies_to_scripts_as_the_tables_have_it()
    {
        if (!RedisServerProcess.IsAvailable)
        {
            output.WriteLine("redis-server is not installed: the tables were not compared with it.");
            return;
        }

        using RedisServerProcess redis = RedisServerProcess.Started();
        using var client = new RespTestClient(redis.Port);
        var wrong = new StringBuilder();
        foreach ((string[][] commands, string reply) in All)
        {
            foreach (string[] reset in Resets) client.Command(reset);
            var got = new StringBuilder();
            foreach (string[] command in commands)
            {
                client.Send(command);
                client.Receive(out byte[] raw);
                got.Append(Encoding.Latin1.GetString(raw));
            }

            Compare(commands, reply, got, wrong);
        }

        Assert.True(wrong.Length == 0, wrong.ToString());
    }

    private static readonly string[][] Resets = [["FLUSHALL"], ["SELECT", "0"], ["SCRIPT", "FLUSH"], ["FUNCTION", "FLUSH"]];

    private static void Compare(string[][] commands, string reply, StringBuilder got, StringBuilder wrong)
    {
        string text = got.Replace("\r\n", "|").ToString();
        if (text != reply) wrong.Append($"{string.Join("; ", commands.Select(command => string.Join(' ', command)))}\n  expected {reply}\n  got      {text}\n");
    }
}
