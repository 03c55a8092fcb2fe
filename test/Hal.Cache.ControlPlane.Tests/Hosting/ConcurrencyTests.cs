using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Instances;
using Hal.Cache.ControlPlane.Hosting;
using Hal.Cache.Testing.Time;

namespace Hal.Cache.ControlPlane.Tests.Hosting;

public sealed class ConcurrencyTests
{
    private const int Batches = 200;

    [Fact]
    public async Task Many_callers_at_once_neither_block_each_other_nor_lose_anything()
    {
        await using var plane = (await InProcessControlPlane.StartAsync(new ControlPlaneOptions(), null, new ManualTimeProvider(), new Random(1), default)).Value;
        string[] names = ["root", "a", "b", "c"];
        foreach (var name in names) await RegisterAsync(plane, name);
        // It never reads on after its first item, which must cost nobody anything.
        await using var idle = plane.Events.SubscribeAsync(new Subscription { AfterPosition = 0 }, default).GetAsyncEnumerator();
        Assert.True(await idle.MoveNextAsync());
        var seen = CountAsync(plane, names.Length * Batches);

        var work = names.Select(name => Task.Run(() => ReportAsync(plane, name))).ToList();
        work.AddRange(names.Select(name => Task.Run(() => AskAsync(plane, name))));
        await Task.WhenAll(work).WaitAsync(TimeSpan.FromSeconds(60));

        Assert.Equal(names.Length * Batches, await seen.WaitAsync(TimeSpan.FromSeconds(60)));
        var totals = (await plane.Content.TotalsAsync(default)).Value;
        Assert.Equal((10L * Batches, 10L * Batches * names.Length), (totals.Keys, totals.Copies));
    }

    private static async Task RegisterAsync(InProcessControlPlane plane, string name) => Assert.True((await plane.Instances.RegisterAsync(
        new InstanceRegistration
        {
            Name = name, Role = name == "root" ? InstanceRole.Root : InstanceRole.Leaf, Parent = name == "root" ? null : "root", Silo = "s", Epoch = 1, RespAddress = "x:1",
        },
        default)).IsOk);

    private static async Task ReportAsync(InProcessControlPlane plane, string name)
    {
        for (var sequence = 1; sequence <= Batches; sequence++)
        {
            var change = new ChangeEvent
            {
                Instance = name,
                Epoch = 1,
                Sequence = sequence,
                Timestamp = DateTimeOffset.UnixEpoch,
                KeysAdded = [.. Enumerable.Range(sequence * 10, 10).Select(k => CacheKey.FromText($"k{k}"))],
                KeySizes = [.. Enumerable.Repeat(10L, 10)],
                SourceInstance = name == "root" ? null : "root",
                RetrievalTimeMs = 1,
            };
            Assert.True((await plane.Events.ReportAsync(new EventBatch { Instance = name, Epoch = 1, Events = [change] }, default)).IsOk);
        }
    }

    private static async Task AskAsync(InProcessControlPlane plane, string name)
    {
        for (var i = 1; i <= Batches; i++)
        {
            var key = CacheKey.FromText($"k{i}");
            Assert.True((await plane.Routing.RoutesAsync(new RouteRequest { Keys = [key], Destination = name }, default)).IsOk);
            Assert.True((await plane.Instances.HeartbeatAsync(new Heartbeat { Instance = name, Epoch = 1, Number = i, Digest = 1 }, default)).IsOk);
            Assert.True((await plane.Scheduling.AffinityAsync(new AffinityRequest { Selection = new KeySelection { Keys = [key] } }, default)).IsOk);
            await RegisterAsync(plane, name);
        }
    }

    private static async Task<int> CountAsync(InProcessControlPlane plane, int wanted)
    {
        var count = 0;
        long position = 0;
        await foreach (var item in plane.Events.SubscribeAsync(new Subscription { AfterPosition = 0 }, default))
        {
            if (item.Event is null) continue;
            Assert.Equal(++position, item.Position);
            if (++count == wanted) break;
        }
        return count;
    }
}
