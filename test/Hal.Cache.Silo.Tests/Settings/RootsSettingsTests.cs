using Hal.Cache.Silo.Settings;

namespace Hal.Cache.Silo.Tests.Settings;

public sealed class RootsSettingsTests : SiloHome
{
    [Theory]
    [InlineData("--roots is 'east=0-16384'; it must be NAME=FIRST-LAST with slots within 0 to 16383, at most 1024 of them", "", "east=0-16384")]
    [InlineData("--roots is 'east=9-3'; it must be NAME=FIRST-LAST with slots within 0 to 16383, at most 1024 of them", "", "east=9-3")]
    [InlineData("--roots is 'east'; it must be NAME=FIRST-LAST with slots within 0 to 16383, at most 1024 of them", "", "east")]
    [InlineData("roots is 'west=8191-16383'; it must not have slot 8191, which root 'east' has", "", "east=0-8191", "west=8191-16383")]
    [InlineData("roots is '8192-8999'; it must be given to a root: every slot has one", "", "east=0-8191", "west=9000-16383")]
    [InlineData("roots is 'slot 16383'; it must be given to a root: every slot has one", "", "east=0-8191", "west=8192-16382")]
    [InlineData("roots is '0-8191'; it must be given to a root: every slot has one", "", "west=8192-16383")]
    [InlineData("root is 'north'; it must be one of the roots that have slots", "north", "east=0-8191", "west=8192-16383")]
    [InlineData("roots is 'south'; it must be the name of a peer, or of another instance of this silo", "", "east=0-8191", "south=8192-16383")]
    [InlineData("roots is 'leaf'; it must have no slots, because its role is not root", "", "east=0-8191", "leaf=8192-16383")]
    public void What_is_no_division_of_the_slots_is_refused(string error, string root, params string[] roots)
    {
        Assert.Null(Read("leaf", "leaf", root, roots, out var told));
        Assert.Equal(error, told!.ToString());
    }

    [Fact]
    public void A_root_has_slots_and_an_instance_that_stands_alone_has_no_roots()
    {
        Assert.Null(Read("third", "root", "", ["east=0-8191", "west=8192-16383"], out var told));
        Assert.Equal("roots is 'third'; it must have slots, because its role is root", told!.ToString());
        Assert.Null(SettingsReader.Read(new Dictionary<string, IReadOnlyList<string>> { ["roots"] = ["local=0-16383"], ["data"] = [Home] }, _ => null, out told));
        Assert.Equal("roots must be given to instances of a tree only, which have a role", told!.ToString());
    }

    [Fact]
    public void The_default_root_is_the_first_or_the_one_that_is_named()
    {
        string[] roots = ["east=0-99", "west=100-16000", "east=16001-16383"];
        Assert.Equal("east", Read("leaf", "leaf", "", roots, out _)!.Roots.Default);
        Assert.Equal("west", Read("leaf", "leaf", "west", roots, out _)!.Roots.Default);
        var east = Read("east", "root", "west", roots, out _)!;
        Assert.Equal("west", east.Roots.Default);
        Assert.Equal(["0-99", "16001-16383"], east.Roots.SlotsOf("east").Select(r => $"{r.First}-{r.Last}"));
    }

    [Fact]
    public async Task Roots_that_overlap_end_the_process_with_2_and_one_line()
    {
        var secret = Write("secret", "0123456789abcdef");
        string[] place = ["--name", "east", "--role", "root", "--cluster-secret", secret, "--peer", "west=127.0.0.1:1"];
        await using var run = await SiloRun.FinishAsync(Home, [.. AnyPort, .. place, "--roots", "east=0-9000", "--roots", "west=8192-16383"]);

        Assert.Equal((2, "", "hal-cache: roots is 'west=8192-16383'; it must not have slot 8192, which root 'east' has\n"), (await run.ExitCodeAsync(), run.Output, run.Errors));
    }

    [Fact]
    public async Task A_root_does_not_start_over_data_of_other_slots()
    {
        var secret = Write("secret", "0123456789abcdef");
        string[] place = ["--name", "east", "--role", "root", "--cluster-secret", secret, "--peer", "west=127.0.0.1:1"];
        string[] args = [.. AnyPort, .. place, "--data", Path.Combine(Home, "d"), "--memory", "64mb", "--disk", "256mb"];
        string[] halves = ["--roots", "east=0-8191", "--roots", "west=8192-16383"];
        await using (var run = await SiloRun.ServeAsync(Home, [.. args, .. halves]))
        {
            using var client = new Testing.Clients.RespTestClient(System.Net.IPEndPoint.Parse(run.Ready["resp"]).Port);
            Assert.Equal("OK", client.Command("SET", "{b}k", "v").Text);
            run.Signal(SiloRun.SigTerm);
            Assert.Equal(0, await run.ExitCodeAsync());
        }

        await using var other = await SiloRun.FinishAsync(Home, [.. args, "--roots", "east=8192-16383", "--roots", "west=0-8191"]);
        Assert.Equal(2, await other.ExitCodeAsync());
        Assert.Contains("was written for other slots than 8192-16383", other.Errors, StringComparison.Ordinal);

        await using var again = await SiloRun.ServeAsync(Home, [.. args, .. halves]);
        using var back = new Testing.Clients.RespTestClient(System.Net.IPEndPoint.Parse(again.Ready["resp"]).Port);
        Assert.Equal("v", back.Command("GET", "{b}k").Text);
    }

    [Fact]
    public async Task Data_whose_division_was_kept_as_it_was_cut_is_the_roots_all_the_same()
    {
        var (data, secret) = (Path.Combine(Home, "d"), Write("secret", "0123456789abcdef"));
        string[] place = ["--name", "east", "--role", "root", "--cluster-secret", secret, "--peer", "west=127.0.0.1:1"];
        string[] args = [.. AnyPort, .. place, "--data", data, "--memory", "64mb", "--disk", "256mb", "--roots", "west=8192-16383"];
        await using (var run = await SiloRun.ServeAsync(Home, [.. args, "--roots", "east=0-8191"]))
        {
            using var client = new Testing.Clients.RespTestClient(System.Net.IPEndPoint.Parse(run.Ready["resp"]).Port);
            Assert.Equal("OK", client.Command("SET", "{b}k", "v").Text);
            run.Signal(SiloRun.SigTerm);
            Assert.Equal(0, await run.ExitCodeAsync());
        }

        // As earlier releases wrote it.
        File.Delete(Path.Combine(data, "hal-slots"));
        _ = new Storage.DurableCounter(data, "hal-slots", BitConverter.ToUInt64(System.Security.Cryptography.SHA256.HashData("0-99,100-8191"u8)));
        await using var again = await SiloRun.ServeAsync(Home, [.. args, "--roots", "east=100-8191", "--roots", "east=0-99"]);
        using var back = new Testing.Clients.RespTestClient(System.Net.IPEndPoint.Parse(again.Ready["resp"]).Port);

        Assert.Equal("v", back.Command("GET", "{b}k").Text);
    }

    [Fact]
    public async Task One_process_hosts_both_roots_and_a_leaf()
    {
        const string instances = """
            "memory": "64mb", "disk": "256mb", "http": "127.0.0.1:0",
            "instances": [
              { "name": "east", "role": "root", "listen": "127.0.0.1:0" },
              { "name": "west", "role": "root", "listen": "127.0.0.1:0" },
              { "name": "leaf", "role": "leaf", "parent": "east", "listen": "127.0.0.1:0" }
            ]
            """;
        await using (var undivided = await SiloRun.FinishAsync(Home, ["--config", Write("one.json", $"{{ {instances} }}")]))
        {
            Assert.Equal(2, await undivided.ExitCodeAsync());
            Assert.Equal("hal-cache: role is 'root'; it must be that of one instance of a silo only, unless roots divides the slots among them\n", undivided.Errors);
        }

        await using var run = await SiloRun.ServeAsync(Home, ["--config", Write("two.json", $"{{ \"roots\": [\"east=0-8191\", \"west=8192-16383\"], {instances} }}")]);
        foreach (var address in run.Ready["resp"].Split(','))
        {
            using var client = new Testing.Clients.RespTestClient(System.Net.IPEndPoint.Parse(address).Port);
            foreach (var tag in new[] { "{a}", "{b}" })
            {
                Assert.Equal("OK", client.Command("SET", $"{tag}k", address).Text);
                Assert.Equal(address, client.Command("GET", $"{tag}k").Text);
            }

            Assert.Equal(2, client.Command("DBSIZE").Number);
        }
    }

    private SiloOptions? Read(string name, string role, string root, string[] roots, out SettingError? error)
    {
        var given = new Dictionary<string, IReadOnlyList<string>>
        {
            ["name"] = [name], ["role"] = [role], ["data"] = [Path.Combine(Home, "d")], ["cluster-secret"] = [Write("secret", "0123456789abcdef")],
            ["peer"] = [.. new[] { "east", "west", "branch" }.Where(p => p != name).Select(p => $"{p}=127.0.0.1:1")], ["roots"] = roots,
        };
        if (role != "root") given["parent"] = ["branch"];
        if (root.Length > 0) given["root"] = [root];
        return SettingsReader.Read(given, _ => null, out error);
    }
}
