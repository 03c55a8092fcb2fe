using Hal.Cache.Conformance.Tests.Servers;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;
using Xunit.Abstractions;

namespace Hal.Cache.Conformance.Tests.Durability;

/// <summary>kill -9 under load loses nothing that was acknowledged under <c>commit</c>; SIGTERM loses nothing under any durability.</summary>
public sealed class KillTests(ITestOutputHelper output)
{
    private const int Rounds = 20;
    private const int Writers = 8;
    private const int DepthMax = 16;
    private const int WritesMin = 200;
    private const int WritesMax = 4000;
    private const int StandardSeed = 99;
    private static readonly TimeSpan RoundWait = TimeSpan.FromSeconds(120);

    public static TheoryData<string> Servers => ServersUnderTest.SiloFirst;

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Nothing_acknowledged_is_missing_or_torn_after_kills_under_load(string name)
    {
        var seed = TestSeed.Of(StandardSeed);
        var random = new Random(seed);
        using var server = Start(name, "commit");
        if (server is null) return;
        var writers = Enumerable.Range(0, Writers).Select(number => new Writer(number, seed)).ToList();
        var total = 0;

        for (var round = 0; round < Rounds; round++)
        {
            total += await LoadAsync(server, writers, random.Next(WritesMin, WritesMax), random, kill: true);
            server.Start();
            Verify(server, writers, $"{name}, seed {seed}, round {round}");
        }

        output.WriteLine($"{name}: {Rounds} kills, {total} writes acknowledged, none missing or torn. Seed {seed}.");
    }

    [Theory]
    [InlineData("none")]
    [InlineData("interval")]
    [InlineData("commit")]
    public async Task Everything_is_there_after_SIGTERM(string durability)
    {
        var seed = TestSeed.Of(StandardSeed);
        var random = new Random(seed);
        using var server = Start("silo", durability)!;
        var writers = Enumerable.Range(0, Writers).Select(number => new Writer(number, seed)).ToList();

        await LoadAsync(server, writers, 3000, random, kill: false);
        var code = server.Terminate();
        server.Start();

        Assert.Equal(0, code);
        Verify(server, writers, $"{durability}, seed {seed}");
    }

    [Fact]
    public async Task Lost_writes_are_noticed_when_a_server_keeps_nothing()
    {
        var seed = TestSeed.Of(StandardSeed);
        using var server = ServersUnderTest.Start("redis", output);
        if (server is null) return;
        var writers = Enumerable.Range(0, Writers).Select(number => new Writer(number, seed)).ToList();

        await LoadAsync(server, writers, WritesMin, new Random(seed), kill: true);
        server.Start();
        using var client = new RespTestClient(server.Port);

        Assert.NotEmpty(writers.SelectMany(writer => writer.Verify(client)));
    }

    private IServerUnderTest? Start(string name, string durability) => ServersUnderTest.Start(
        name, output, new SiloProcessOptions { Durability = durability, Memory = "256mb", Disk = "1gb" }, "--appendonly", "yes", "--appendfsync", "always");

    // The moment of the kill is a number of acknowledged writes: it replays, and waits for no clock.
    private static async Task<int> LoadAsync(IServerUnderTest server, List<Writer> writers, int writes, Random random, bool kill)
    {
        var acknowledged = 0;
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var tasks = writers.Select(writer =>
        {
            var depth = random.Next(1, DepthMax + 1);
            return Task.Factory.StartNew(
                () => writer.Run(server.Port, depth, Count, () => !kill && reached.Task.IsCompleted),
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default);
        }).ToList();

        await Task.WhenAny(reached.Task, Task.WhenAll(tasks)).WaitAsync(RoundWait);
        Assert.True(reached.Task.IsCompleted, $"The writers ended by themselves after {acknowledged} writes.\n{server.Output}");
        if (kill) server.Kill();
        await Task.WhenAll(tasks).WaitAsync(RoundWait);
        return acknowledged;

        void Count()
        {
            if (Interlocked.Increment(ref acknowledged) == writes) reached.TrySetResult();
        }
    }

    private static void Verify(IServerUnderTest server, List<Writer> writers, string where)
    {
        using var client = new RespTestClient(server.Port);
        var wrong = writers.SelectMany(writer => writer.Verify(client).Concat(writer.Problems)).ToList();
        Assert.True(wrong.Count == 0, $"{where}: {wrong.Count} wrong:\n{string.Join('\n', wrong)}");
    }
}
