using System.Diagnostics;
using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Instances;
using Hal.Cache.ControlPlane.Hosting;
using Hal.Cache.ControlPlane.Content;
using Hal.Cache.Testing.Time;
using Xunit.Abstractions;

namespace Hal.Cache.ControlPlane.Tests.Scale;

/// <summary>A million keys on 64 instances: what must hold is asserted, what depends on the machine is printed.</summary>
[Collection(AloneCollection.Name)]
public sealed class ScaleFigures(ITestOutputHelper output)
{
    private const int Instances = 64;
    private const int Keys = 1_000_000;
    private const int BatchKeys = 4096;

    [Fact]
    public async Task A_million_keys_on_64_instances()
    {
        await using var plane = (await InProcessControlPlane.StartAsync(new ControlPlaneOptions(), null, new ManualTimeProvider(), new Random(1), default)).Value;
        await RegisterAsync(plane);
        var keys = Enumerable.Range(0, Keys).Select(i => CacheKey.FromText($"dataset/train/part-{i:D8}")).ToArray();

        var batches = Batches(keys);
        var cpu = Environment.CpuUsage.TotalTime;
        var since = Stopwatch.GetTimestamp();
        foreach (var batch in batches) Assert.True((await plane.Events.ReportAsync(batch, default)).IsOk);
        var seconds = Stopwatch.GetElapsedTime(since).TotalSeconds;
        output.WriteLine($"events: {Keys / seconds:N0} key changes/s in batches of {BatchKeys}, {Keys / CpuSeconds(cpu):N0} per CPU second");

        var totals = (await plane.Content.TotalsAsync(default)).Value;
        var perKey = (double)totals.IndexBytes / totals.Copies;
        output.WriteLine($"index: {perKey:N1} bytes per key and holder, the key's {keys[0].Bytes.Length} included");
        Assert.Equal((long)Keys, totals.Copies);
        Assert.InRange(perKey, 1, 120 + keys[0].Bytes.Length);

        var random = new Random(1);
        since = Stopwatch.GetTimestamp();
        cpu = Environment.CpuUsage.TotalTime;
        const int Locates = 500_000;
        var held = 0;
        for (var i = 0; i < Locates; i++) held += (await plane.Content.LocateAsync(keys[random.Next(Keys)], default)).Value.Holders.Count;
        Assert.Equal(Locates, held);
        output.WriteLine($"locate: {Locates / Stopwatch.GetElapsedTime(since).TotalSeconds:N0}/s on one thread, {Locates / CpuSeconds(cpu):N0} per CPU second");

        var job = new AffinityRequest { Selection = new KeySelection { Keys = [.. Enumerable.Range(0, 100_000).Select(i => keys[i * 7 % Keys])] } };
        for (var run = 0; run < 5; run++)
        {
            since = Stopwatch.GetTimestamp();
            cpu = Environment.CpuUsage.TotalTime;
            var report = (await plane.Scheduling.AffinityAsync(job, default)).Value;
            output.WriteLine($"affinity of 100,000 keys over {report.Candidates.Count} instances: {Stopwatch.GetElapsedTime(since).TotalMilliseconds:N0} ms, {1000 * CpuSeconds(cpu):N0} ms of CPU");
            Assert.Equal((Instances, 100_000L, 0L), (report.Candidates.Count, report.Keys, report.KeysUnknown));
        }

        var page = (await plane.Content.LocatePrefixAsync(new KeyPrefix(CacheKey.FromText("dataset/")), new PageRequest(null, 100), default)).Value;
        Assert.Equal(100, page.Items.Count);
        Assert.NotNull(page.Next);
        await WalkAsync(plane);
        var rare = (await plane.Content.LocatePrefixAsync(new KeyPrefix(CacheKey.FromText("nothing/")), new PageRequest(), default)).Value;
        Assert.Empty(rare.Items);
        Assert.NotNull(rare.Next); // a page looks at so many keys and no more

        // A selection has a limit, which a prefix can be over without harm: the whole million is at it, one more key is over.
        var million = new AffinityRequest { Selection = new KeySelection { Prefixes = [new KeyPrefix(CacheKey.FromText("dataset/"))], Keys = [CacheKey.FromText("more")] } };
        Assert.Equal(CacheErrorCode.Invalid, (await plane.Scheduling.AffinityAsync(million, default)).Error?.Code);
    }

    // A prefix that matches everything: every key comes once, and a page costs what its items cost, however many match.
    private async Task WalkAsync(InProcessControlPlane plane)
    {
        const int Items = 10_000;
        const long PageBytesMax = Items * 1024L;
        var (found, pages, largest) = (0L, 0, 0L);
        var since = Stopwatch.GetTimestamp();
        for (var request = new PageRequest(null, Items); ;)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var asked = plane.Content.LocatePrefixAsync(new KeyPrefix(CacheKey.FromText("dataset/")), request, default);
            Assert.True(asked.IsCompleted); // on this thread
            largest = Math.Max(largest, GC.GetAllocatedBytesForCurrentThread() - before);
            var page = (await asked).Value;
            (found, pages) = (found + page.Items.Count, pages + 1);
            if (page.Next is not { } next) break;
            request = request with { Cursor = next };
        }
        output.WriteLine($"prefix of {found:N0} keys: {pages} pages in {Stopwatch.GetElapsedTime(since).TotalSeconds:N1} s, of at most {largest:N0} bytes");
        Assert.Equal(Keys, found);
        Assert.InRange(largest, 1, PageBytesMax);
    }

    [Fact]
    public void Memory_that_a_map_counts_is_what_the_runtime_gives_it()
    {
        var before = GC.GetTotalMemory(true);
        var map = new ContentMap();
        for (var i = 0; i < 100_000; i++) map.Set(i % 4, Encoding.ASCII.GetBytes($"dataset/part-{i:D8}"), 0, i % 64, 1000, i);
        var taken = GC.GetTotalMemory(true) - before;

        Assert.InRange(map.MemoryBytes, taken * 0.9, taken * 1.1);
        GC.KeepAlive(map);
    }

    private static double CpuSeconds(TimeSpan since) => Math.Max(0.001, (Environment.CpuUsage.TotalTime - since).TotalSeconds);

    private static async Task RegisterAsync(InProcessControlPlane plane)
    {
        for (var i = 0; i < Instances; i++)
        {
            var registration = new InstanceRegistration
            {
                Name = $"i{i}", Role = i == 0 ? InstanceRole.Root : InstanceRole.Leaf, Parent = i == 0 ? null : $"i{(i - 1) / 4}", Silo = "s", Epoch = 1, RespAddress = "x:1",
            };
            Assert.True((await plane.Instances.RegisterAsync(registration, default)).IsOk);
        }
    }

    private static List<EventBatch> Batches(CacheKey[] keys)
    {
        var batches = new List<EventBatch>();
        var sequences = new long[Instances];
        foreach (var (number, part) in keys.Chunk(BatchKeys).Index())
        {
            var instance = number % Instances;
            var change = new ChangeEvent
            {
                Instance = $"i{instance}",
                Epoch = 1,
                Sequence = ++sequences[instance],
                Timestamp = DateTimeOffset.UnixEpoch,
                KeysAdded = part,
                KeySizes = [.. Enumerable.Repeat(1L << 20, part.Length)],
                KeyVersions = [.. Enumerable.Repeat(1L, part.Length)],
            };
            batches.Add(new EventBatch { Instance = change.Instance, Epoch = 1, Events = [change] });
        }
        return batches;
    }
}
