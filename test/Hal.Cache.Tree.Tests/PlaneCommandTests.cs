using System.Text.Json;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Tree.Tests;

/// <summary>What a Redis client asks the control plane for at a leaf: batches, prestage jobs, pins, affinity, and events as messages.</summary>
public sealed class PlaneCommandTests(PlaneCommandTests.PlannedTree planned) : IClassFixture<PlaneCommandTests.PlannedTree>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_job_warms_pins_and_ends_as_one_batch_by_commands_at_a_leaf()
    {
        using var root = planned.Connect("root");
        using var leaf = planned.Connect("leaf");
        for (var i = 0; i < 4; i++) Assert.Equal("OK", root.Command("SET", $"job:{i}", new string('x', 1000)).Text);
        await UntilAsync(() => Map(Ask(leaf, "HAL.AFFINITY", "PREFIX", "job:"))["keys"].Number == 4);
        await UntilAsync(() => Candidates(leaf).FirstOrDefault()?["instance"].Text == "root");

        var begun = Map(Ask(leaf, "HAL.BATCH", "BEGIN", "train-1", "EX", "600"));
        var job = Map(Ask(leaf, "HAL.PRESTAGE", "START", "BATCH", "train-1", "PRIORITY", "80", "ID", "once", "PREFIX", "job:"));
        var again = Map(Ask(leaf, "HAL.PRESTAGE", "START", "BATCH", "train-1", "PRIORITY", "80", "ID", "once", "PREFIX", "job:"));
        var pin = Map(Ask(leaf, "HAL.PIN", "ADD", "BATCH", "train-1", "ID", "pin-once", "KEYS", "job:0", "job:1"));

        Assert.Equal(("train-1", "running"), (begun["batch"].Text, begun["state"].Text));
        Assert.InRange(begun["ends_at"].Number - begun["created_at"].Number, 500_000, 700_000); // two clocks
        Assert.Equal(job["job"].Text, again["job"].Text);
        await UntilAsync(() => Map(Ask(leaf, "HAL.PRESTAGE", "INFO", job["job"].Text))["state"].Text == "done");
        Assert.Equal(("leaf", 2L, "train-1"), (pin["instance"].Text, pin["keys"].Number, pin["batch"].Text));
        await UntilAsync(() => TreeProcesses.Counter(planned.Tree["leaf"], "pinned_keys") == 2);
        await UntilAsync(() => Candidates(leaf).Any(c => c["instance"].Text == "leaf" && c["keys_local"].Number == 4 && c["score"].Text == "1"));
        Assert.Equal(1, Map(Ask(leaf, "HAL.BATCH", "INFO", "train-1"))["pins"].Number);
        Assert.Contains(Items(Ask(leaf, "HAL.BATCH", "LIST")), batch => batch["batch"].Text == "train-1");
        Assert.Contains(Items(Ask(root, "HAL.PIN", "LIST", "AT", "leaf")), one => one["pin"].Text == pin["pin"].Text);
        Assert.Contains(Items(Ask(root, "HAL.PRESTAGE", "LIST", "COUNT", "1")), one => one["job"].Text == job["job"].Text);

        await UntilAsync(() => Map(Ask(root, "HAL.BATCH", "END", "train-1"))["state"].Text == "ended");

        await UntilAsync(() => TreeProcesses.Counter(planned.Tree["leaf"], "pinned_keys") == 0);
        Assert.Empty(Items(Ask(leaf, "HAL.PIN", "LIST", "AT", "leaf")));
        Assert.StartsWith("ERR", Ask(leaf, "HAL.PIN", "ADD", "BATCH", "train-1", "KEYS", "job:0").Text, StringComparison.Ordinal);
        Assert.Contains("train-1", Ask(leaf, "HAL.BATCH", "BEGIN", "train-1").Text, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_wrong_about_such_a_command_is_said_clearly_and_rights_to_it_can_be_taken()
    {
        using var leaf = planned.Connect("leaf");
        (string[] Command, string Says)[] wrong =
        [
            (["HAL.BATCH", "INFO", "none"], "ERR there is no batch 'none'"),
            (["HAL.BATCH", "BEGIN", "b", "EX", "0"], "ERR invalid expire time in 'hal.batch|begin' command"),
            (["HAL.BATCH", "BEGIN", "b", "EX", "soon"], "ERR value is not an integer or out of range"),
            (["HAL.BATCH", "BEGIN", "b", "FOR", "5"], "ERR syntax error"),
            (["HAL.BATCH", "LIST", "COUNT", "0"], "ERR COUNT must be from 1 to 10000"),
            (["HAL.BATCH", "STOP", "b"], "ERR unknown subcommand 'STOP'. Try HAL.BATCH HELP."),
            (["HAL.PRESTAGE", "START", "KEYS"], "ERR wrong number of arguments for 'hal.prestage|start' command"),
            (["HAL.PRESTAGE", "START", "AT", "nobody", "KEYS", "k"], "nobody"),
            (["HAL.PRESTAGE", "START", "PRIORITY", "101", "KEYS", "k"], "101"),
            (["HAL.PRESTAGE", "CANCEL", "none"], "none"),
            (["HAL.PIN", "ADD", "AT", "leaf"], "ERR one of KEYS, PREFIX and MANIFEST must be given"),
            (["HAL.PIN", "ADD", "AT", "leaf", "AT", "root", "KEYS", "k"], "ERR a pin is of one instance"),
            (["HAL.AFFINITY", "PRESET", "best", "KEYS", "k"], "ERR PRESET must be fastest, cheapest or balanced"),
            (["HAL.AFFINITY", "AT", "nobody", "KEYS", "k"], "nobody"),
        ];
        foreach (var (command, says) in wrong)
        {
            var reply = Ask(leaf, command);
            Assert.True(reply.IsError && reply.Text.Contains(says, StringComparison.Ordinal), $"{string.Join(' ', command)}: {reply.Text}");
        }

        Assert.True(Ask(leaf, "HAL.PIN", "HELP").Items!.Count > 4);
        Assert.Equal("hal.batch|begin", leaf.Command("COMMAND", "DOCS", "hal.batch|begin").Items![0].Text);
        Assert.Equal("OK", leaf.Command("ACL", "SETUSER", "worker", "on", "nopass", "+@all", "-@dangerous", "~*", "resetchannels", "&hal:events:leaf").Text);
        using var worker = planned.Connect("leaf");
        Assert.Equal("OK", worker.Command("AUTH", "worker", "any").Text);
        Assert.StartsWith("NOPERM", Ask(worker, "HAL.PIN", "ADD", "KEYS", "k").Text, StringComparison.Ordinal);
        Assert.False(Ask(worker, "HAL.PIN", "LIST").IsError);
        Assert.StartsWith("NOPERM", worker.Command("SUBSCRIBE", "hal:events").Text, StringComparison.Ordinal);
        Assert.Equal(1, leaf.Command("ACL", "DELUSER", "worker").Number);
    }

    [Fact]
    public async Task Changes_at_every_instance_are_messages_of_a_channel_with_the_fields_of_the_stream()
    {
        using var root = planned.Connect("root");
        using var leaf = planned.Connect("leaf");
        using var all = planned.Connect("leaf");
        using var one = planned.Connect("root");
        using var pattern = planned.Connect("leaf");
        Assert.Equal("subscribe", all.Command("SUBSCRIBE", "hal:events").Items![0].Text);
        Assert.Equal("subscribe", one.Command("SUBSCRIBE", "hal:events:leaf").Items![0].Text);
        pattern.Command("PSUBSCRIBE", "*");

        // A machine under load may take longer than SUBSCRIBE waits until the streams have begun; from then on nothing is missing.
        var warm = 0;
        await UntilAsync(() =>
            root.Command("SET", $"warm:{++warm}", "v").Text == "OK" && leaf.Command("GET", $"warm:{warm}").Text == "v" && all.HasInput && one.HasInput);
        Assert.Equal("OK", root.Command("SET", "told:1", "value").Text);
        var added = Change(all, "hal:events", c => c.GetProperty("instance").GetString() == "root" && Names(c, "keys_added").Contains("told:1"));
        Assert.Equal("value", leaf.Command("GET", "told:1").Text);
        var copied = Change(one, "hal:events:leaf", c => Names(c, "keys_added").Contains("told:1"));
        root.Command("DEL", "told:1");
        Change(one, "hal:events:leaf", c => Names(c, "keys_evicted").Contains("told:1"));
        Change(all, "hal:events", c => c.GetProperty("instance").GetString() == "root" && Names(c, "keys_evicted").Contains("told:1"));

        string[] fields = ["instance", "epoch", "sequence", "timestamp", "keys_added", "key_sizes", "keys_evicted"];
        foreach (var field in fields) Assert.True(added.TryGetProperty(field, out _), field);
        Assert.Equal(("leaf", "root"), (copied.GetProperty("instance").GetString(), copied.GetProperty("source_instance").GetString()));
        Assert.True(copied.GetProperty("retrieval_time_ms").GetDouble() > 0);

        // Who listens to everything hears what clients publish, and no more: these messages are asked for by name.
        leaf.Command("PUBLISH", "told", "x");
        var heard = pattern.Receive().Items!;
        Assert.Equal(("pmessage", "told"), (heard[0].Text, heard[2].Text));
        all.Send("UNSUBSCRIBE", "hal:events");
        while (all.Receive().Items![0].Text == "message") { /* what came in between */ }
        Assert.Equal("PONG", all.Command("PING").Text);
    }

    private static List<Dictionary<string, RespTestReply>> Candidates(RespTestClient client) =>
        [.. Map(Ask(client, "HAL.AFFINITY", "PREFIX", "job:"))["candidates"].Items!.Select(Map)];

    private static List<Dictionary<string, RespTestReply>> Items(RespTestReply page) => [.. page.Items![1].Items!.Select(Map)];

    private static Dictionary<string, RespTestReply> Map(RespTestReply reply)
    {
        Assert.False(reply.IsError, reply.Text);
        return Enumerable.Range(0, reply.Items!.Count / 2).ToDictionary(i => reply.Items[i * 2].Text, i => reply.Items[(i * 2) + 1]);
    }

    private static IEnumerable<string?> Names(JsonElement change, string field) =>
        change.GetProperty(field).EnumerateArray().Where(k => k.ValueKind == JsonValueKind.String).Select(k => k.GetString());

    // Others' changes come in between.
    private static JsonElement Change(RespTestClient subscriber, string channel, Func<JsonElement, bool> isTheOne)
    {
        for (var since = System.Diagnostics.Stopwatch.StartNew(); ;)
        {
            Assert.True(since.Elapsed < Patience, "the change is not told");
            var message = subscriber.Receive().Items!;
            Assert.Equal(("message", channel), (message[0].Text, message[1].Text));
            using var change = JsonDocument.Parse(message[2].Bytes);
            if (isTheOne(change.RootElement)) return change.RootElement.Clone();
        }
    }

    // A control plane that has no time for an answer on a machine under load is asked again; each of these commands may be repeated.
    private static RespTestReply Ask(RespTestClient client, params string[] command)
    {
        for (var since = System.Diagnostics.Stopwatch.StartNew(); ;)
        {
            var reply = client.Command(command);
            if (!reply.IsError || !reply.Text.Contains("did not answer", StringComparison.Ordinal) || since.Elapsed > Patience) return reply;
        }
    }

    private static async Task UntilAsync(Func<bool> holds) => Assert.True(await Eventually.HoldsAsync(holds, Patience));

    public sealed class PlannedTree : IAsyncLifetime
    {
        public TreeProcesses Tree { get; } = TreeProcesses.Started(
            new SiloProcessOptions { Memory = "64mb", Disk = "256mb", WithPlane = true }, ("root", null), ("leaf", "root"));

        public RespTestClient Connect(string name) => new(Tree[name].Port);

        public async Task InitializeAsync()
        {
            using var plane = new PlaneClient(Tree["root"]);
            foreach (var name in new[] { "root", "leaf" }) await plane.UntilAsync($"/v1/instances/{name}", PlaneClient.IsLive);
        }

        public Task DisposeAsync()
        {
            Tree.Dispose();
            return Task.CompletedTask;
        }
    }
}
