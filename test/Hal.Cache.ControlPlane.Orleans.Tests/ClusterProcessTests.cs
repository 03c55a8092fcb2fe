using System.Diagnostics;
using System.Net;
using System.Text;
using Hal.Cache.Client;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
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
        foreach (var member in tree.Members) await HoldersAreAsync(member, "leaf");
        using var service = Service(File.ReadAllText(tree.SecretFile).Trim());
        await service.StartAsync();
        var plane = service.Services.GetRequiredService<IControlPlane>();
        var located = await plane.Content.LocateAsync(CacheKey.FromText("greeting"), CancellationToken.None);
        Assert.Contains(located.Value.Holders, h => h.Instance == "leaf");

        var died = Stopwatch.StartNew();
        tree["branch"].Kill();
        Assert.Equal("hello", atLeaf.Command("GET", "greeting").Text);
        await HoldersAreAsync(tree["root"], "leaf");
        await HoldersAreAsync(tree["leaf"], "leaf");
        output.WriteLine($"the root's silo told of the leaf's copy {died.ElapsedMilliseconds} ms after the branch's was killed");
        Assert.Equal("OK", atRoot.Command("SET", "greeting", "again").Text);
        Assert.Equal("again", atLeaf.Command("GET", "greeting").Text);
        Assert.True((await plane.Content.LocateAsync(CacheKey.FromText("greeting"), CancellationToken.None)).IsOk);

        tree["branch"].Start();
        await HoldersAreAsync(tree["branch"], "leaf");
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

        await HoldersAreAsync(tree["leaf"], "leaf");
        await HoldersAreAsync(tree["root"], "leaf");
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

    private static async Task HoldersAreAsync(TreeMember member, string holder)
    {
        using var plane = new HttpControlPlane(new ControlPlaneClientOptions { Url = new Uri($"http://127.0.0.1:{member.HttpPort}") }, TimeProvider.System);
        Result<KeyLocation> last = default;
        var held = await Eventually.HoldsAsync(
            async () =>
            {
                last = await plane.Content.LocateAsync(CacheKey.FromText("greeting"), CancellationToken.None);
                return last.IsOk && last.Value.Holders.Any(h => h.Instance == holder);
            },
            Patience);
        var told = last.IsOk ? string.Join(", ", last.Value.Holders) : last.ToString();
        Assert.True(held, $"{member.Name} says '{told}' and not that '{holder}' has the key\n{member.Output}");
    }
}
