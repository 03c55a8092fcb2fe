using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Instances;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.ControlPlane.Hosting;
using Hal.Cache.ControlPlane.Reporting;
using Hal.Cache.Node;
using Hal.Cache.Origins;
using Hal.Cache.Silo.Plane;
using Hal.Cache.Storage;
using Hal.Cache.Storage.Eviction;
using Hal.Cache.Testing.Processes;
using Hal.Cache.Testing.Time;

namespace Hal.Cache.Silo.Tests.Plane;

/// <summary>A store's changes as they are reported: what a key had before is told, so that digests stay known, and right.</summary>
public sealed class StoreReporterTests
{
    private const int Seed = 20_261;

    [Fact]
    public async Task Digests_stay_known_and_right_through_overwrites_expiries_and_removals_of_a_root()
    {
        var clock = new ManualTimeProvider();
        await using IBlobStore store = BlobStores.Open(
            new BlobStoreOptions { MemoryBytes = 64 << 20, Durability = StoreDurability.None }, EvictionPolicies.Create("noeviction", 1), clock).Value;
        using var origins = OriginTable.Create([]).Value;
        await using var keyspace = new Keyspace(store, origins, clock);
        await using var plane = (await InProcessControlPlane.StartAsync(new ControlPlaneOptions(), null, clock, new Random(Seed), default)).Value;
        var changes = new StoreReporter(keyspace, new TransferLog("root", clock));
        var reporter = new InstanceReporter(
            new InstanceRegistration { Name = "root", Role = InstanceRole.Root, Silo = "s", Epoch = 1, RespAddress = "x:1" }, new ReporterOptions(), changes, clock, startsEmpty: true);
        changes.Reporter = reporter;
        store.AddSink(changes);
        await SettleAsync(reporter, plane, clock);
        var scans = reporter.Status.Scans;
        var random = new Random(Seed);

        for (var step = 0; step < 2000; step++) Change(store, clock, random);

        // The store removes what has expired on a thread of its own, which may come late.
        Contracts.ControlPlane.InstanceInfo? info = null;
        List<Heartbeat> heartbeats = [];
        var agree = await Eventually.HoldsAsync(
            async () =>
            {
                heartbeats = await SettleAsync(reporter, plane, clock);
                info = (await plane.Instances.GetAsync("root", default)).Value;
                return info.Content.Keys == store.Count(0);
            },
            TimeSpan.FromSeconds(30));
        Assert.True(agree, $"seed {Seed}: {info?.Content.Keys} keys are known of {store.Count(0)}");
        Assert.True(heartbeats[^1].Digest is not null, $"seed {Seed}: the digest is not known");
        Assert.Equal(scans, reporter.Status.Scans); // nothing had to be compared, let alone counted anew
        Assert.True(info!.ContentVerified, $"seed {Seed}: the content map differs");
    }

    private static void Change(IBlobStore store, ManualTimeProvider clock, Random random)
    {
        var key = Encoding.ASCII.GetBytes($"k{random.Next(40)}");
        var hash = store.Hash(key);
        var blob = new BlobKey(0, key, hash);
        WriteScope scope = default;
        store.Lock(store.ShardOf(hash));
        try
        {
            switch (random.Next(6))
            {
                case 0:
                    store.Remove(blob, RemovalReason.Deleted, ref scope, out _);
                    break;
                case 1:
                    store.SetExpiry(blob, random.Next(2) == 0 ? 0 : clock.GetUtcNow().ToUnixTimeMilliseconds() + random.Next(1, 50), ref scope);
                    break;
                case 2:
                    using (var large = new Staged(store.TryStage(new byte[random.Next(20_000, 200_000)])!)) store.Put(blob, BlobType.String, large.Value, 0, EntryFlags.None, ref scope);
                    break;
                default:
                    store.Put(blob, BlobType.String, new byte[random.Next(200)], 0, EntryFlags.None, ref scope);
                    break;
            }
        }
        finally
        {
            store.Unlock(store.ShardOf(hash));
        }
        clock.Advance(TimeSpan.FromMilliseconds(1));
    }

    // Carries messages for five seconds, in which nothing is lost.
    private static async Task<List<Heartbeat>> SettleAsync(InstanceReporter reporter, InProcessControlPlane plane, ManualTimeProvider clock)
    {
        var heartbeats = new List<Heartbeat>();
        for (var tick = 0; tick < 250; tick++)
        {
            while (reporter.Next() is { } message)
            {
                if (message.Registration is { } registration) reporter.Take(message.Id, await plane.Instances.RegisterAsync(registration, default));
                if (message.Heartbeat is { } heartbeat)
                {
                    heartbeats.Add(heartbeat);
                    reporter.Take(message.Id, await plane.Instances.HeartbeatAsync(heartbeat, default));
                }
                if (message.Batch is { } batch) reporter.Take(message.Id, await plane.Events.ReportAsync(batch, default));
                if (message.Query is { } query) reporter.Take(message.Id, await plane.Events.CompareDigestsAsync(query, default));
            }
            clock.Advance(TimeSpan.FromMilliseconds(20));
        }
        return heartbeats;
    }

    private sealed class Staged(ILargeValue value) : IDisposable
    {
        public ILargeValue Value => value;

        public void Dispose() => value.Release();
    }
}
