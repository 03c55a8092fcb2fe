using Hal.Cache.Conformance.Tests.Differential;
using Hal.Cache.Conformance.Tests.Servers;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;
using Xunit.Abstractions;

namespace Hal.Cache.Conformance.Tests.Commands;

/// <summary>What the silo says of its commands, compared with what redis-server says of the same ones.</summary>
public sealed class CommandTableTests(ITestOutputHelper output)
{
    // Not in the random sequences: they would end a connection, the process, or the quiet of the other side. ConnectionTests has them.
    private static readonly string[] NotRandom = ["QUIT", "RESET", "SHUTDOWN", "SAVE", "BGSAVE", "MONITOR"];

    // What blocks may be called by scripts since 7.2: it does not wait there.
    private static readonly string[] ForScriptsToo = ["WAIT", "BLPOP", "BRPOP", "BLMOVE", "BRPOPLPUSH", "BZPOPMIN", "BZPOPMAX"];

    [Fact]
    public void Every_promised_command_is_in_the_random_sequences()
    {
        var forms = CommandForms.All.SelectMany(form => form.Form.Text.Split(' ')).ToHashSet(StringComparer.Ordinal);

        Assert.Equal([], ServedNow.All.Except(NotRandom).Except(forms));
    }

    [Fact]
    public void Silo_describes_its_commands_as_redis_does()
    {
        using var model = ServersUnderTest.Start("redis", output);
        if (model is null) return;
        using var silo = SiloProcess.Started();
        using var ofModel = new RespTestClient(model.Port);
        using var ofSilo = new RespTestClient(silo.Port);

        var differences = new List<string>();
        foreach (var name in ServedNow.All)
        {
            var wanted = Described(ofModel, name);
            var got = Described(ofSilo, name);
            if (name is "ZRANK" or "ZREVRANK") wanted["arity"] = "-3"; // 7.2 added an option
            if (ForScriptsToo.Contains(name)) wanted["flags"] = string.Join(' ', wanted["flags"].Split(' ').Where(flag => flag != "noscript"));
            foreach (var field in wanted.Keys.Where(field => wanted[field] != got.GetValueOrDefault(field)))
                differences.Add($"COMMAND INFO {name}: {field}: expected {wanted[field]}, got {got.GetValueOrDefault(field, "nothing")}");
        }

        Assert.True(differences.Count == 0, $"{differences.Count} differences:\n{string.Join('\n', differences)}");
    }

    [Fact]
    public void Silo_lists_counts_and_documents_its_commands()
    {
        using var silo = SiloProcess.Started();
        using var client = new RespTestClient(silo.Port);

        var list = client.Command("COMMAND", "LIST").Items!.Select(item => item.Text.ToUpperInvariant()).ToHashSet(StringComparer.Ordinal);
        var count = client.Command("COMMAND", "COUNT").Number;
        var whole = client.Command("COMMAND").Items!;
        var docs = client.Command("COMMAND", "DOCS", "GET").Items!;

        Assert.Empty(ServedNow.All.Except(list));
        Assert.Subset(list, new HashSet<string> { "HAL.INVENTORY", "HAL.INFO" });
        Assert.Contains("CONFIG|GET", list);
        int containers = list.Count(name => !name.Contains('|', StringComparison.Ordinal)); // the list has subcommands too
        Assert.Equal(containers, count);
        Assert.Equal(containers, whole.Count);
        Assert.Equal("get", docs[0].Text);
        Assert.Contains(docs[1].Items!, item => item.Text == "summary");
    }

    // Flags and categories are sets: their order is not compared. Sub-commands by name: a later version may have more.
    private static Dictionary<string, string> Described(RespTestClient client, string name)
    {
        var reply = client.Command("COMMAND", "INFO", name);
        if (reply.Items?[0].Items is not { } fields) return [];
        return new Dictionary<string, string>
        {
            ["name"] = fields[0].Text,
            ["arity"] = fields[1].Text,
            ["flags"] = Set(fields[2]),
            ["first key"] = fields[3].Text,
            ["last key"] = fields[4].Text,
            ["step"] = fields[5].Text,
            ["categories"] = fields.Count > 6 ? Set(fields[6]) : "none",
        };
    }

    private static string Set(RespTestReply items) => string.Join(' ', items.Items!.Select(item => item.Text).Order(StringComparer.Ordinal));
}
