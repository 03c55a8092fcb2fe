using System.Globalization;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;
using Npgsql;

namespace Hal.Cache.ControlPlane.Orleans.Tests;

/// <summary>What is wrong is told in words, by the silo that it is wrong with, and costs the others nothing.</summary>
public sealed class ClusterBadInputTests : IDisposable
{
    private const string Faketime = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

    private const int StopsMax = 3;

    // A stop is cut after 9 s, which a busy machine may be late with.
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(30);

    private readonly TempDirectory directory = new("cluster");

    private static CancellationToken None => CancellationToken.None;

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task A_database_that_refuses_the_password_or_is_of_a_later_version_is_told_at_the_start()
    {
        using var database = new PostgresServer("the right one");
        var connection = database.ConnectionString("postgres");
        using (var wrong = Silo("x", connection.Replace("the right one", "another", StringComparison.Ordinal), FreePort.Next()))
        {
            Assert.NotEqual(0, wrong.WaitExit(ClusterTree.Patience));
            Assert.Contains("password authentication failed", wrong.Output, StringComparison.Ordinal);
        }
        using (var right = Silo("x", connection, FreePort.Next()))
        {
            right.WaitReady(ClusterTree.Patience);
            right.Terminate();
            Assert.Equal(0, right.WaitExit(ClusterTree.Patience));
        }

        await using (var tables = NpgsqlDataSource.Create(connection))
        {
            await using var later = tables.CreateCommand("insert into hal_cache.migration (number, name, checksum) values (999, '0999_of_tomorrow', 'x')");
            await later.ExecuteNonQueryAsync();
        }
        using var late = Silo("x", connection, FreePort.Next());

        Assert.NotEqual(0, late.WaitExit(ClusterTree.Patience));
        Assert.Contains("the database has step 0999_of_tomorrow of a later version; run that version", late.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_silo_whose_database_is_gone_ends_in_time_all_the_same()
    {
        using var database = new PostgresServer();
        for (var stops = 1; ; stops++)
        {
            using var silo = Silo("x", database.ConnectionString("postgres"), FreePort.Next());
            silo.WaitReady(ClusterTree.Patience);
            database.Kill();

            silo.Terminate();
            var code = silo.WaitExit(StopPatience);

            // A machine that is busy may cut a stop that would have ended; one that hangs is cut each time.
            if (stops < StopsMax && silo.Output.Contains("the stop took longer than 9 s and was cut", StringComparison.Ordinal))
            {
                database.Start();
                continue;
            }
            Assert.True(code == 0, $"exit code {code}\n{silo.Output}");
            Assert.Contains("cluster 'hal-cache' could not be left within 00:00:04, as without its database", silo.Output, StringComparison.Ordinal);
            return;
        }
    }

    [Fact]
    public async Task A_database_that_goes_away_and_a_name_that_two_silos_have_are_told_and_cost_no_read()
    {
        using var database = new PostgresServer();
        using var tree = TreeProcesses.ThreeLevels(Options(database));
        using var atLeaf = new RespTestClient(tree["leaf"].Port);
        Assert.Equal("OK", atLeaf.Command("SET", "greeting", "hello").Text);
        Assert.Equal("hello", atLeaf.Command("GET", "greeting").Text);
        foreach (var member in tree.Members) await ClusterTree.HoldersAreAsync(member, "greeting", "leaf");
        await ClusterTree.SucceedsAsync(tree["root"], plane => plane.Topology.SetLinkAsync(Link("root", "leaf"), None));

        await TheSecondOfANameIsToldAsync(tree, database, atLeaf);

        database.Kill();
        using (var plane = ClusterTree.Plane(tree["root"]))
        {
            var refused = await plane.Topology.SetLinkAsync(Link("leaf", "root"), None);
            Assert.Equal(CacheErrorCode.Unavailable, refused.Error?.Code);
            Assert.Contains("PostgreSQL", refused.Error!.Message, StringComparison.Ordinal);
            Assert.True((await plane.Content.LocateAsync(CacheKey.FromText("greeting"), None)).IsOk);
        }
        // A silo that dies meanwhile can't be written down as dead; what clients read does not rest on that.
        tree["branch"].Kill();
        for (var read = 0; read < 100; read++) Assert.Equal("hello", atLeaf.Command("GET", "greeting").Text);
        Assert.Equal("OK", atLeaf.Command("SET", "greeting", "again").Text);
        Assert.Equal("again", atLeaf.Command("GET", "greeting").Text);

        database.Start();
        foreach (var name in new[] { "root", "leaf" }) await ClusterTree.HoldersAreAsync(tree[name], "greeting", "leaf");
        await ClusterTree.SucceedsAsync(tree["leaf"], plane => plane.Topology.SetLinkAsync(Link("leaf", "root"), None));
        using var after = ClusterTree.Plane(tree["leaf"]);
        var kept = (await after.Topology.ListLinksAsync(new PageRequest(), None)).Value.Items.Where(l => l.Configured is not null).Select(l => $"{l.From}>{l.To}");
        Assert.Equal(["leaf>root", "root>leaf"], kept);
    }

    [Fact]
    public async Task Clocks_that_differ_by_minutes_are_told_and_cost_neither_copies_nor_deaths()
    {
        Assert.True(File.Exists(Faketime), $"{Faketime} is not there, so nothing was shown (apt-get install faketime, or test/run)");
        using var database = new PostgresServer();
        using var tree = TreeProcesses.ThreeLevels(Options(database) with
        {
            Variables = new Dictionary<string, IReadOnlyDictionary<string, string>> { ["root"] = Clock("-300"), ["leaf"] = Clock("+300") },
        });
        using var atLeaf = new RespTestClient(tree["leaf"].Port);
        Assert.Equal("OK", atLeaf.Command("SET", "greeting", "hello").Text);
        Assert.Equal("hello", atLeaf.Command("GET", "greeting").Text);
        foreach (var member in tree.Members) await ClusterTree.HoldersAreAsync(member, "greeting", "leaf");

        tree["branch"].Kill();
        await using var members = NpgsqlDataSource.Create(database.ConnectionString("postgres"));
        var hasDied = await Eventually.HoldsAsync(() => HasDiedAsync(members, tree["branch"].ClusterPort), ClusterTree.Patience);
        Assert.True(hasDied, "the others did not notice a silo's death");
        foreach (var name in new[] { "root", "leaf" }) await ClusterTree.HoldersAreAsync(tree[name], "greeting", "leaf");
        tree["branch"].Start();
        await ClusterTree.HoldersAreAsync(tree["branch"], "greeting", "leaf");

        Assert.Matches(@"this machine's clock is (299|30\d) s behind the database's", tree["root"].Output);
        Assert.Matches(@"this machine's clock is (299|30\d) s ahead of the database's", tree["leaf"].Output);
        Assert.DoesNotContain("clock", tree["branch"].Output, StringComparison.Ordinal);
        Assert.Equal("hello", atLeaf.Command("GET", "greeting").Text);
    }

    private async Task TheSecondOfANameIsToldAsync(TreeProcesses tree, PostgresServer database, RespTestClient atLeaf)
    {
        string[] place =
        [
            "--role", "leaf", "--parent", "root", "--root", "root",
            "--peer", $"root={Loopback(tree["root"].Port)}", "--peer", $"branch={Loopback(tree["branch"].Port)}",
        ];
        var clusterPort = FreePort.Next();
        using var second = Silo("leaf", database.ConnectionString("postgres"), clusterPort, tree.SecretFile, place);
        second.WaitReady(ClusterTree.Patience);
        var said = $"instance 'leaf' is another silo's, which serves at {Loopback(tree["leaf"].Port)} and whose lease runs; give this one another name";

        var isTold = await Eventually.HoldsAsync(() => second.Output.Contains(said, StringComparison.Ordinal), ClusterTree.Patience);
        Assert.True(isTold, $"the second 'leaf' was not told\n{second.Output}");
        Assert.Equal("hello", atLeaf.Command("GET", "greeting").Text);
        await ClusterTree.HoldersAreAsync(tree["root"], "greeting", "leaf");
        using var plane = ClusterTree.Plane(tree["root"]);
        var first = await plane.Instances.GetAsync("leaf", None);
        Assert.Equal((InstanceState.Live, Loopback(tree["leaf"].Port)), (first.Value.State, first.Value.Registration.RespAddress));

        // It leaves by the front door: a member that nobody could write down as dead would go on being asked for what it had in the cluster's directory.
        second.Terminate();
        Assert.Equal(0, second.WaitExit(ClusterTree.Patience));
        await using var members = NpgsqlDataSource.Create(database.ConnectionString("postgres"));
        Assert.True(await HasDiedAsync(members, clusterPort));
    }

    // 6 is a member that the others have declared dead, or that has left.
    private static async Task<bool> HasDiedAsync(NpgsqlDataSource members, int port)
    {
        await using var command = members.CreateCommand("select count(*) from hal_cache.OrleansMembershipTable where Port = $1 and Status = 6");
        command.Parameters.AddWithValue(port);
        return (long)(await command.ExecuteScalarAsync())! > 0;
    }

    private ChildProcess Silo(string name, string connection, int clusterPort, string? secret = null, params string[] place)
    {
        if (secret is null) File.WriteAllText(secret = directory.Combine("secret"), "a secret of more than sixteen bytes");
        return new ChildProcess(
            "dotnet",
            [
                "exec", RepositoryPaths.SiloAssembly()!, "--name", name, "--listen", Loopback(FreePort.Next()), "--http", Loopback(FreePort.Next()),
                "--data", directory.Combine($"data-of-{name}"), "--memory", "64mb", "--disk", "256mb",
                "--cluster", "orleans", "--postgres", connection, "--cluster-listen", Loopback(clusterPort), "--cluster-secret", secret, .. place,
            ],
            line => line.StartsWith("ready", StringComparison.Ordinal));
    }

    private static SiloProcessOptions Options(PostgresServer database) =>
        new() { Memory = "64mb", Disk = "256mb", ClusterDatabase = database.ConnectionString("postgres") };

    private static LinkSettings Link(string from, string to) => new() { From = from, To = to, Figures = new LinkFigures { LatencyMs = 3 } };

    private static string Loopback(int port) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");

    private static Dictionary<string, string> Clock(string offset) => new()
    {
        ["LD_PRELOAD"] = Faketime,
        ["FAKETIME"] = offset,
        ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
        ["DONT_FAKE_MONOTONIC"] = "1",
    };
}
