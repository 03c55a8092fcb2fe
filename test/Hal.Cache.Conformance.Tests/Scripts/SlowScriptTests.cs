using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Conformance.Tests.Scripts;

/// <summary>A script that runs long has left the event loop on which it began.</summary>
public sealed class SlowScriptTests
{
    private const int Clients = 12; // more than there are event loops
    private const int Rounds = 3;

    [Fact]
    public void Clients_of_every_event_loop_are_served_while_a_script_runs_for_ever_and_its_own_goes_on_when_it_was_killed()
    {
        using var silo = SiloProcess.Started();
        var clients = Enumerable.Range(0, Clients).Select(_ => new RespTestClient(silo.Port)).ToArray();
        try
        {
            for (var round = 0; round < Rounds; round++)
            {
                var runner = clients[round];
                var others = clients.Where(client => client != runner).ToArray();
                Assert.Equal("OK", others[0].Command("CONFIG", "SET", "busy-reply-threshold", "600000").Text);

                runner.SendRaw([
                    .. Encoded("SET", "before", $"{round}"), .. Encoded("EVAL", "while true do end", "0"),
                    .. Encoded("GET", "before"), .. Encoded("EVAL", "return {KEYS[1], ARGV[1]}", "1", "k", "v"),
                ]);
                Assert.True(SpinWait.SpinUntil(() => IsRunning(others[0]), RespTestClient.DefaultWait), $"round {round}: the script does not run");
                foreach (var client in others) Assert.Equal("PONG", client.Command("PING").Text);

                Assert.Equal("OK", others[1].Command("CONFIG", "SET", "busy-reply-threshold", "1").Text);
                Assert.True(SpinWait.SpinUntil(() => others[2].Command("SCRIPT", "KILL").Text == "OK", RespTestClient.DefaultWait), $"round {round}: it can't be killed");
                Assert.Equal("OK", runner.Receive().Text);
                Assert.StartsWith("ERR Script killed by user", runner.Receive().Text, StringComparison.Ordinal);
                Assert.Equal($"{round}", runner.Receive().Text);
                Assert.Equal(["k", "v"], runner.Receive().Items!.Select(item => item.Text));
                foreach (var client in clients) Assert.Equal($"{round}", client.Command("GET", "before").Text);
            }
        }
        finally
        {
            foreach (var client in clients) client.Dispose();
        }
    }

    // The command is named when it is admitted; what comes after is answered at the latest when the loop was left.
    private static bool IsRunning(RespTestClient client) => client.Command("CLIENT", "LIST").Text.Contains("cmd=eval", StringComparison.Ordinal);

    private static byte[] Encoded(params string[] arguments) => RespTestClient.Encode(RespTestClient.Bytes(arguments));
}
