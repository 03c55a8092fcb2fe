using System.Globalization;
using Hal.Cache.Conformance.Tests.Servers;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;
using Xunit.Abstractions;

namespace Hal.Cache.Conformance.Tests.Limits;

/// <summary>The process and its directory stay within their limits; HAL_TEST_SOAK_BYTES, HAL_TEST_LARGE_BYTES and HAL_TEST_LARGE_MEMORY_BYTES make the runs larger.</summary>
public sealed class LimitTests(ITestOutputHelper output)
{
    private const int StandardSeed = 5;
    private const int Connections = 4;
    private const int LargeConnections = 16;
    private const long MemoryBytes = 128L << 20;
    private const long DiskBytes = 1L << 30;
    private const long SoakBytes = 3L << 29; // 1.5 GiB: half as much again as the disk limit.
    private const long LargeBytes = 64L << 20;
    private const long LargeBytesMax = 512L << 20;
    private const long OverheadMax = 128L << 20;
    private const long GrowthMax = 64L << 20;
    private static readonly TimeSpan RunWait = TimeSpan.FromMinutes(30);

    [Theory]
    [InlineData("lru")]
    [InlineData("noeviction")]
    public async Task Memory_and_disk_stay_within_their_limits_under_a_soak_of_writes(string policy)
    {
        var seed = TestSeed.Of(StandardSeed);
        var bytes = TestSeed.Number("HAL_TEST_SOAK_BYTES", SoakBytes);
        using var silo = SiloProcess.Started(new SiloProcessOptions { Memory = "128mb", Disk = "1gb", Policy = policy });
        var soaks = Enumerable.Range(0, Connections).Select(number => new Soak(number, seed)).ToList();

        long disk;
        await using (var sampler = new UsageSampler(silo))
        {
            await OnThreadsAsync(soaks, soak => soak.Run(silo.Port, bytes / Connections));
            disk = sampler.LargestDirectoryBytes;
        }

        var peak = ProcessUsage.PeakResidentBytes(silo.Pid);
        var refused = soaks.Sum(soak => soak.Refused);
        output.WriteLine(
            $"{policy}, seed {seed}: {bytes >> 20} MiB, {soaks.Sum(soak => soak.Written)} written, {refused} refused, {soaks.Sum(soak => soak.ReadBack)} read back, "
            + $"{soaks.Sum(soak => soak.Missing)} missing; peak RSS {peak >> 20} MiB, largest directory {disk >> 20} MiB.");
        Assert.True(peak <= MemoryBytes + OverheadMax, $"Peak RSS is {peak >> 20} MiB, the limit {(MemoryBytes + OverheadMax) >> 20} MiB.");
        Assert.True(disk <= DiskBytes, $"The directory took {disk >> 20} MiB, the limit is {DiskBytes >> 20} MiB.");
        if (policy == "noeviction")
        {
            Assert.Equal(0, soaks.Sum(soak => soak.Missing));
            Assert.Equal(0, soaks.Sum(soak => soak.MissingNow(silo.Port)));
            Assert.True(refused > 0, "More was written than the disk takes, and nothing was refused.");
        }
        else
        {
            Assert.Equal(0, refused);
            Assert.True(soaks.Sum(soak => soak.ReadBack) > 0, "Nothing could be read back.");
        }
    }

    [Fact]
    public async Task Sixteen_connections_with_large_values_at_once_raise_memory_by_at_most_64_MB()
    {
        var bytes = Math.Min(TestSeed.Number("HAL_TEST_LARGE_BYTES", LargeBytes), LargeBytesMax);
        var memory = TestSeed.Number("HAL_TEST_LARGE_MEMORY_BYTES", MemoryBytes);
        using var silo = SiloProcess.Started(new SiloProcessOptions { Memory = Megabytes(memory), Disk = Megabytes((bytes * LargeConnections * 2) + (1L << 30)) });
        Fill(silo.Port, memory * 2);
        var before = Math.Max(ProcessUsage.ResidentBytes(silo.Pid), memory);
        ProcessUsage.ResetPeak(silo.Pid);

        await OnThreadsAsync(Enumerable.Range(0, LargeConnections), number =>
        {
            using var client = new RespTestClient(silo.Port, TimeSpan.FromMinutes(5));
            var value = new PatternValue(number, bytes);
            var key = string.Create(CultureInfo.InvariantCulture, $"large:{number}");
            value.SendSet(client, key);
            Assert.Equal("OK", client.Receive().Text);
            Assert.True(value.Get(client, key), $"{key} is missing.");
        });

        var peak = ProcessUsage.PeakResidentBytes(silo.Pid);
        output.WriteLine($"{LargeConnections} connections of {bytes >> 20} MiB: RSS {before >> 20} MiB before, {peak >> 20} MiB at the peak.");
        Assert.True(peak <= before + GrowthMax, $"RSS went from {before >> 20} to {peak >> 20} MiB.");
    }

    [Theory]
    [InlineData("none")]
    [InlineData("commit")]
    public async Task Sixteen_connections_that_preload_values_of_1_MiB_at_once_all_get_their_replies(string durability)
    {
        const int Each = 24;
        using var silo = SiloProcess.Started(new SiloProcessOptions { Memory = Megabytes(MemoryBytes), Disk = Megabytes(DiskBytes), Durability = durability });

        // All requests of a connection are on their way before the first reply is read, as a benchmark's preload does it.
        await OnThreadsAsync(Enumerable.Range(0, LargeConnections), number =>
        {
            using var client = new RespTestClient(silo.Port, TimeSpan.FromMinutes(1));
            for (var at = 0; at < Each; at++) new PatternValue(at, 1 << 20).SendSet(client, Key(number, at));
            for (var at = 0; at < Each; at++) Assert.Equal("OK", client.Receive().Text);
        });

        using var reader = new RespTestClient(silo.Port, TimeSpan.FromMinutes(1));
        for (var number = 0; number < LargeConnections; number++)
        {
            for (var at = 0; at < Each; at += 5) Assert.True(new PatternValue(at, 1 << 20).Get(reader, Key(number, at)), $"{Key(number, at)} is missing.");
        }

        static string Key(int number, int at) => string.Create(CultureInfo.InvariantCulture, $"preload:{number}:{at}");
    }

    [Fact]
    public async Task Soak_and_large_values_read_back_right_from_redis_so_the_checks_are_right()
    {
        using var server = ServersUnderTest.Start("redis", output);
        if (server is null) return;
        var soaks = Enumerable.Range(0, 2).Select(number => new Soak(number, StandardSeed)).ToList();

        await OnThreadsAsync(soaks, soak => soak.Run(server.Port, 32L << 20));

        Assert.Equal(0, soaks.Sum(soak => soak.Missing + soak.Refused));
        Assert.Equal(0, soaks.Sum(soak => soak.MissingNow(server.Port)));
        using var client = new RespTestClient(server.Port);
        new PatternValue(1, 3_000_000).SendSet(client, "other");
        Assert.Equal("OK", client.Receive().Text);
        Assert.Throws<FormatException>(() => new PatternValue(2, 3_000_000).Get(client, "other"));
    }

    [Fact]
    public async Task Refused_writes_are_counted_and_change_nothing_when_redis_has_no_room()
    {
        using var server = ServersUnderTest.Start("redis", output, redis: ["--maxmemory", "24mb", "--maxmemory-policy", "noeviction"]);
        if (server is null) return;
        var soak = new Soak(0, StandardSeed);

        await OnThreadsAsync([soak], one => one.Run(server.Port, 64L << 20));

        Assert.True(soak.Refused > 0, "Nothing was refused.");
        Assert.Equal(0, soak.Missing);
        Assert.Equal(0, soak.MissingNow(server.Port));
    }

    private static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes >> 20}mb");

    // The store's own memory is taken before the growth is measured.
    private static void Fill(int port, long bytes)
    {
        using var client = new RespTestClient(port);
        const int Each = 256 << 10;
        for (long at = 0; at < bytes; at += Each)
        {
            new PatternValue((int)(at / Each), Each).SendSet(client, string.Create(CultureInfo.InvariantCulture, $"fill:{at}"));
            Assert.Equal("OK", client.Receive().Text);
        }
    }

    private static Task OnThreadsAsync<T>(IEnumerable<T> items, Action<T> action) =>
        Task.WhenAll(items.Select(item => Task.Factory.StartNew(() => action(item), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)))
            .WaitAsync(RunWait);
}
