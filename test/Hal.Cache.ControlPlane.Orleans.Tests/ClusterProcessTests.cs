using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Orleans.Streams;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Xunit.Abstractions;

namespace Hal.Cache.ControlPlane.Orleans.Tests;

/// <summary>Silos as processes that meet in a real PostgreSQL, as a user runs them.</summary>
public sealed class ClusterProcessTests(ITestOutputHelper output) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly PostgresServer database = new();

    private string Connection => database.ConnectionString("postgres");

    public void Dispose() => database.Dispose();

    [Fact]
    public async Task Every_silo_answers_for_the_tree_and_goes_on_when_one_is_killed()
    {
        using var tree = TreeProcesses.ThreeLevels(new SiloProcessOptions { Memory = "64mb", Disk = "256mb", ClusterDatabase = Connection });
        using var atLeaf = new RespTestClient(tree["leaf"].Port);
        using var atRoot = new RespTestClient(tree["root"].Port);
        Assert.Equal("OK", atLeaf.Command("SET", "greeting", "hello").Text);
        Assert.Equal("hello", atLeaf.Command("GET", "greeting").Text);
        foreach (var member in tree.Members) await ClusterTree.HoldersAreAsync(member, "greeting", "leaf");
        using var service = Service(File.ReadAllText(tree.SecretFile).Trim());
        await service.StartAsync();
        var plane = service.Services.GetRequiredService<IControlPlane>();
        var located = await plane.Content.LocateAsync(CacheKey.FromText("greeting"), CancellationToken.None);
        Assert.Contains(located.Value.Holders, h => h.Instance == "leaf");
        await using var tables = NpgsqlDataSource.Create(Connection);
        await ClusterTree.SucceedsAsync(tree["leaf"], p => p.Batches.BeginAsync("b", EndsIn(TimeSpan.FromHours(1)), CancellationToken.None));
        var pin = new PinRequest { Instance = "leaf", Selection = new KeySelection { Keys = [CacheKey.FromText("greeting")] }, Batch = "b" };
        await ClusterTree.SucceedsAsync(tree["root"], p => p.Scheduling.PinAsync(pin, "once", CancellationToken.None));
        Assert.Equal(1, await CountAsync(tables, "OrleansRemindersTable where GrainId like '%/b'"));
        // Who reads the stream of changes, the cluster knows by its database.
        using var reading = new CancellationTokenSource(ClusterTree.Patience);
        var stream = new ChangeStream(service.Services.GetRequiredService<IClusterClient>(), new OrleansPlaneOptions(), TimeProvider.System);
        await using (var changes = stream.ReadAsync(new Subscription(), reading.Token).GetAsyncEnumerator(reading.Token))
        {
            Assert.True(await changes.MoveNextAsync());
            Assert.True(await Eventually.HoldsAsync(async () => await CountAsync(tables, "OrleansStorage where PayloadBinary is not null") > 0, ClusterTree.Patience));
        }

        // A change is heard by a stream of the cluster, by HTTP and by RESP alike, before a death and after it.
        await using var heard = HeardChanges.Start(stream, tree["root"], tree["leaf"]);
        await heard.HearAsync(atRoot, "before");
        var died = Stopwatch.StartNew();
        tree["branch"].Kill();
        Assert.Equal("hello", atLeaf.Command("GET", "greeting").Text);
        await ClusterTree.HoldersAreAsync(tree["root"], "greeting", "leaf");
        await ClusterTree.HoldersAreAsync(tree["leaf"], "greeting", "leaf");
        output.WriteLine($"the root's silo told of the leaf's copy {died.ElapsedMilliseconds} ms after the branch's was killed");
        Assert.Equal("OK", atRoot.Command("SET", "greeting", "again").Text);
        Assert.Equal("again", atLeaf.Command("GET", "greeting").Text);
        Assert.True((await plane.Content.LocateAsync(CacheKey.FromText("greeting"), CancellationToken.None)).IsOk);

        await heard.HearAsync(atRoot, "after");

        tree["branch"].Start();
        await ClusterTree.HoldersAreAsync(tree["branch"], "greeting", "leaf");

        // The batch is that of all silos still, and ends by itself when its end is moved to now.
        await ClusterTree.SucceedsAsync(tree["root"], p => p.Batches.BeginAsync("b", EndsIn(TimeSpan.FromSeconds(1)), CancellationToken.None));
        using var atBranch = ClusterTree.Plane(tree["branch"]);
        var ended = await Eventually.HoldsAsync(
            async () => await atBranch.Batches.GetAsync("b", CancellationToken.None) is { IsOk: true, Value: { State: BatchState.Ended, Pins: 0 } },
            2 * ClusterTree.Patience);
        Assert.True(ended, $"{await atBranch.Batches.GetAsync("b", CancellationToken.None)}\n{string.Join('\n', tree.Members.Select(m => m.Output))}");
        // One that could not be taken back rings once more, a minute later.
        Assert.True(await Eventually.HoldsAsync(async () => await CountAsync(tables, "OrleansRemindersTable") == 0, 4 * ClusterTree.Patience), "a reminder was left");
    }

    private static BatchRequest EndsIn(TimeSpan left) => new() { EndsAt = DateTimeOffset.UtcNow + left };

    private static async Task<long> CountAsync(NpgsqlDataSource tables, string what)
    {
        await using var command = tables.CreateCommand($"select count(*) from hal_cache.{what}");
        return (long)(await command.ExecuteScalarAsync())!;
    }

    [Fact]
    public async Task A_silo_that_was_frozen_and_taken_for_dead_joins_again_and_serves_its_data_on()
    {
        using var tree = TreeProcesses.ThreeLevels(new SiloProcessOptions { Memory = "64mb", Disk = "256mb", ClusterDatabase = Connection });
        using var atLeaf = new RespTestClient(tree["leaf"].Port);
        Assert.Equal("OK", atLeaf.Command("SET", "greeting", "hello").Text);
        Assert.Equal("hello", atLeaf.Command("GET", "greeting").Text);
        var pid = tree["leaf"].Pid;
        await using var members = NpgsqlDataSource.Create(Connection);

        ProcessSignals.Stop(pid);
        try
        {
            Assert.True(await Eventually.HoldsAsync(() => HasDiedAsync(members, tree["leaf"].ClusterPort), Patience), "the others did not take the frozen silo for dead");
        }
        finally
        {
            ProcessSignals.Continue(pid);
        }

        await ClusterTree.HoldersAreAsync(tree["leaf"], "greeting", "leaf");
        await ClusterTree.HoldersAreAsync(tree["root"], "greeting", "leaf");
        Assert.True(await Eventually.HoldsAsync(() => atLeaf.Command("GET", "greeting").Text == "hello", Patience));
        Assert.Equal(pid, tree["leaf"].Pid);
        Assert.True(tree["leaf"].IsRunning, tree["leaf"].Output);
    }

    // 6 is a member that the others have declared dead.
    private static async Task<bool> HasDiedAsync(NpgsqlDataSource members, int port)
    {
        await using var command = members.CreateCommand("select count(*) from hal_cache.OrleansMembershipTable where Port = $1 and Status = 6");
        command.Parameters.AddWithValue(port);
        return (long)(await command.ExecuteScalarAsync())! > 0;
    }

    [Fact]
    public void What_is_wrong_with_database_or_secret_is_told_at_the_start()
    {
        using var directory = new TempDirectory("cluster");
        var (one, other) = (directory.Combine("one"), directory.Combine("other"));
        File.WriteAllText(one, "the secret of one cluster");
        File.WriteAllText(other, "the secret of another one");

        using var first = Silo(Connection, one, directory.Combine("first"));
        first.WaitReady(Patience);
        using var stranger = Silo(Connection, other, directory.Combine("second"));
        using var nowhere = Silo($"Host=127.0.0.1;Port={FreePort.Next()};Username=nobody;Database=none;Timeout=1", one, directory.Combine("third"));

        Assert.NotEqual(0, stranger.WaitExit(Patience));
        Assert.Contains("cluster-secret is not the one that cluster 'hal-cache' was begun with", stranger.Output, StringComparison.Ordinal);
        Assert.NotEqual(0, nowhere.WaitExit(Patience));
        Assert.Contains("PostgreSQL failed", nowhere.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stranger_without_the_secret_gets_nowhere()
    {
        using var directory = new TempDirectory("cluster");
        var secret = directory.Combine("secret");
        File.WriteAllText(secret, "the secret of the cluster");
        var gateway = FreePort.Next();
        using var silo = Silo(Connection, secret, directory.Combine("silo"), "--cluster-gateway", $"127.0.0.1:{gateway}");
        silo.WaitReady(Patience);

        using var friend = Service("the secret of the cluster", gateway);
        await friend.StartAsync();
        using var stranger = Service("the secret of somebody else", gateway);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(3));

        Assert.True((await friend.Services.GetRequiredService<IControlPlane>().Ownership.ListAsync(CancellationToken.None)).IsOk);
        await Assert.ThrowsAnyAsync<Exception>(() => stranger.StartAsync(limit.Token));
    }

    [Fact]
    public async Task The_sample_service_finds_a_data_set_by_the_grains_and_keeps_its_pages_at_an_instance()
    {
        using var tree = TreeProcesses.Started(new SiloProcessOptions { Memory = "64mb", Disk = "256mb", ClusterDatabase = Connection }, ("root", null));
        using (var client = new RespTestClient(tree["root"].Port))
        {
            foreach (var name in new[] { "a", "b" }) Assert.Equal("OK", client.Command("SET", $"imagenet/{name}", "12345").Text);
        }
        var built = Path.GetDirectoryName(RepositoryPaths.SiloAssembly()!)!.Replace("src/Hal.Cache.Silo", "samples/DotNetService", StringComparison.Ordinal);
        var sample = Path.Combine(built, "DotNetService.dll");
        var address = $"http://{Loopback()}";
        using var service = new ChildProcess(
            "dotnet",
            [
                "exec", sample, "--urls", address, "--postgres", Connection, "--secret", tree.SecretFile,
                "--cache", tree["root"].Port.ToString(CultureInfo.InvariantCulture),
            ],
            line => line.Contains("Now listening on", StringComparison.Ordinal));
        service.WaitReady(ClusterTree.Patience);
        using var http = new HttpClient { BaseAddress = new Uri(address), Timeout = ClusterTree.Patience };

        var where = "";
        var isFound = await Eventually.HoldsAsync(
            async () => (where = await http.GetStringAsync("where/imagenet/")).Contains("\"keys\":2", StringComparison.Ordinal), ClusterTree.Patience);
        Assert.True(isFound, $"{where}\n{service.Output}");
        var made = await http.GetStringAsync("time");

        Assert.Contains("\"instance\":\"root\"", where, StringComparison.Ordinal);
        Assert.Equal(made, await http.GetStringAsync("time"));
        using var at = new RespTestClient(tree["root"].Port);
        Assert.Equal(1, at.Command("EXISTS", "dotnet-service:time").Number);
    }

    // A .NET service as a client of the cluster: by its database, or by one gateway.
    private IHost Service(string secret, int? gateway = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.AddHalControlPlane(new HalClusterOptions
        {
            Postgres = gateway is null ? Connection : null,
            Gateways = gateway is { } port ? [new IPEndPoint(IPAddress.Loopback, port)] : [],
            Secret = Encoding.UTF8.GetBytes(secret),
        });
        return builder.Build();
    }

    private static ChildProcess Silo(string connection, string secret, string data, params string[] more) => new(
        "dotnet",
        [
            "exec", RepositoryPaths.SiloAssembly()!, "--listen", Loopback(), "--http", Loopback(), "--data", data, "--memory", "64mb", "--disk", "0",
            "--cluster", "orleans", "--postgres", connection, "--cluster-listen", Loopback(), "--cluster-secret", secret, .. more,
        ],
        line => line.StartsWith("ready", StringComparison.Ordinal));

    private static string Loopback() => $"127.0.0.1:{FreePort.Next()}";
}
