using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Instances;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.ContractSuites;
using Hal.Cache.ControlPlane.Hosting;
using Hal.Cache.ControlPlane.Reporting;
using Hal.Cache.Testing.Time;

namespace Hal.Cache.ControlPlane.Tests.Reporting;

public sealed class ReporterTests
{
    private readonly ManualTimeProvider clock = new();

    [Fact]
    public void Changes_of_one_kind_share_an_event_and_fetches_have_their_own()
    {
        var reporter = Registered(new ReporterOptions());
        reporter.Added("a"u8, 0, 1, 1, Before.Nothing);
        reporter.Added("b"u8, 0, 2, 1, Before.Nothing);
        reporter.Added("a"u8, 0, 3, 2, Before.Copy(1, 1));
        reporter.Added("c"u8, 0, 4, 1, Before.Nothing, "root", 12.5);
        reporter.Removed("b"u8, 0, RemovalReason.Expired, Before.Copy(2, 1));
        reporter.Removed("x"u8, 0, RemovalReason.Expired, Before.Nothing);
        var events = Batch(reporter).Events;

        Assert.Equal(["a b", "a", "c", "b"], events.Select(e => string.Join(' ', e.KeysAdded.Concat(e.KeysEvicted))));
        Assert.Equal([1L, 2, 3, 4], events.Select(e => e.Sequence));
        Assert.Equal([false, true, false, false], events.Select(e => e.Modification));
        Assert.Equal(("root", 12.5), (events[2].SourceInstance, events[2].RetrievalTimeMs));
        Assert.Equal([RemovalReason.Expired], events[3].RemovalReasons);
    }

    [Fact]
    public void What_was_measured_twice_between_two_heartbeats_goes_together_into_the_next()
    {
        var reporter = Registered(new ReporterOptions());
        while (reporter.Next() is not null)
        {
            // The first heartbeat, which says nothing yet.
        }
        reporter.Measured(new InstanceLoad { Keys = 1 }, [Link(1)], [new KeyReads(CacheKey.FromText("a"), 5), new KeyReads(CacheKey.FromText("b"), 1)]);
        reporter.Measured(new InstanceLoad { Keys = 2 }, [Link(2)], [new KeyReads(CacheKey.FromText("b"), 9)]);
        clock.Advance(TimeSpan.FromSeconds(2));
        var heartbeat = reporter.Next()!.Heartbeat!;

        Assert.Equal(2, heartbeat.Load.Keys);
        Assert.Equal([1.0, 2.0], heartbeat.Links.Select(l => l.RoundTripMs!.Value).Order());
        Assert.Equal([("b", 10L), ("a", 5L)], heartbeat.PopularKeys.Select(r => ($"{r.Key}", r.Reads)));

        static LinkObservation Link(double ms) => new() { From = "root", To = "leaf", RoundTripMs = ms };
    }

    [Fact]
    public void A_batch_is_sent_again_unchanged_until_it_is_answered_and_any_sending_may_be()
    {
        var reporter = Registered(new ReporterOptions());
        reporter.Added("a"u8, 0, 1, 1, Before.Nothing);
        clock.Advance(TimeSpan.FromMilliseconds(100));
        var first = NotHeartbeat(reporter)!;
        reporter.Added("b"u8, 0, 1, 1, Before.Nothing);
        clock.Advance(TimeSpan.FromMilliseconds(600));
        var second = NotHeartbeat(reporter)!;
        reporter.Take(first.Id, (Result<ReportReply>)new ReportReply { AppliedSequence = 1, DigestWanted = false });
        reporter.Take(second.Id, (Result<ReportReply>)new ReportReply { AppliedSequence = 1, DigestWanted = false });
        var next = NotHeartbeat(reporter)!;

        Assert.Same(first.Batch, second.Batch);
        Assert.NotEqual(first.Id, second.Id);
        Assert.Equal([2L], next.Batch!.Events.Select(e => e.Sequence));
    }

    [Fact]
    public void Too_many_changes_leave_a_gap_in_the_numbers_and_ask_for_comparison()
    {
        var options = new ReporterOptions { BatchKeys = 4, PendingMax = 16 };
        var reporter = Registered(options);
        for (var i = 0; i < 20; i++) reporter.Added(Encoding.UTF8.GetBytes($"k{i}"), 0, 1, 1, Before.Nothing);
        var batch = Batch(reporter);

        Assert.Equal(1, reporter.Status.Overflows);
        Assert.Equal(2, batch.Events[0].Sequence);
        Assert.False(reporter.Status.IsSettled);
    }

    [Fact]
    public void A_batch_stays_within_the_contract()
    {
        var reporter = Registered(new ReporterOptions { BatchKeys = ControlPlaneLimits.BatchKeysMax, PendingMax = 100_000 });
        for (var i = 0; i < 30_000; i++)
        {
            // Half of them long, each second one an event of its own.
            var key = Encoding.UTF8.GetBytes($"{i}".PadLeft(i % 2 == 0 ? 2000 : 10, 'k'));
            reporter.Added(key, 0, 1, 1, Before.Nothing, null, i % 2 == 0 ? 1 : null);
        }
        var keys = 0;
        while (keys < 30_000)
        {
            clock.Advance(TimeSpan.FromMilliseconds(100));
            var message = NotHeartbeat(reporter)!;
            Assert.Null(ControlPlane.Events.BatchRules.Check(message.Batch!));
            keys += message.Batch!.Events.Sum(e => e.KeysAdded.Count);
            reporter.Take(message.Id, (Result<ReportReply>)new ReportReply { AppliedSequence = message.Batch.Events[^1].Sequence, DigestWanted = false });
        }

        Assert.Equal(30_000, keys);
    }

    [Fact]
    public void Options_that_break_a_rule_are_named()
    {
        Assert.Null(new ReporterOptions().Validate());
        Assert.Contains("PendingMax", new ReporterOptions { PendingMax = 10 }.Validate(), StringComparison.Ordinal);
        Assert.Contains("BatchKeys", new ReporterOptions { BatchKeys = 0 }.Validate(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_loop_brings_changes_to_the_control_plane_and_to_its_successor()
    {
        var first = await StartPlaneAsync();
        var door = new SwitchedPlane(first);
        var store = new FixedScan("kept");
        var reporter = new InstanceReporter(Registration, new ReporterOptions(), store, clock, startsEmpty: true);
        reporter.Recovered("kept"u8, 0, 5, 1, Before.Nothing);
        using var stop = new CancellationTokenSource();
        var running = new ReporterLoop(reporter, door, clock, TimeSpan.FromMilliseconds(20)).RunAsync(stop.Token);

        await UntilHeldAsync(first);
        var second = await StartPlaneAsync();
        door.Plane = second;
        await first.DisposeAsync();
        await UntilHeldAsync(second);
        await stop.CancelAsync();
        await running;

        Assert.True(reporter.Status.Scans >= 2);
        await second.DisposeAsync();
    }

    private static InstanceRegistration Registration => new() { Name = "leaf", Role = InstanceRole.Root, Silo = "s", Epoch = 1, RespAddress = "x:1" };

    private async Task<InProcessControlPlane> StartPlaneAsync() =>
        (await InProcessControlPlane.StartAsync(new ControlPlaneOptions(), null, clock, new Random(1), default)).Value;

    private Task UntilHeldAsync(InProcessControlPlane plane) => Until.TrueAsync(
        () =>
        {
            clock.Advance(TimeSpan.FromMilliseconds(20));
            return plane.Content.LocateAsync(CacheKey.FromText("kept"), default).Result.Value.Holders.Count == 1;
        },
        "the key is in the content map");

    // Registered, compared, and equal: nothing is under way.
    private InstanceReporter Registered(ReporterOptions options)
    {
        var reporter = new InstanceReporter(Registration, options, new FixedScan(), clock, startsEmpty: true);
        var lease = new InstanceLease { Instance = "leaf", Epoch = 1, LeaseMs = 4000, HeartbeatMs = 1000, AppliedSequence = 0 };
        reporter.Take(reporter.Next()!.Id, (Result<InstanceLease>)lease);
        var query = NotHeartbeat(reporter)!;
        Assert.Equal(256, query.Query!.Digests.Count);
        reporter.Take(query.Id, (Result<DigestReply>)new DigestReply { AppliedSequence = 0, Compared = true });
        Assert.True(reporter.Status.IsSettled);
        return reporter;
    }

    private EventBatch Batch(InstanceReporter reporter)
    {
        clock.Advance(TimeSpan.FromMilliseconds(100));
        return NotHeartbeat(reporter)!.Batch!;
    }

    private static ReporterMessage? NotHeartbeat(InstanceReporter reporter)
    {
        var message = reporter.Next();
        return message?.Heartbeat is null ? message : reporter.Next();
    }

    private sealed class FixedScan(params string[] keys) : IContentScan
    {
        public ulong Read(ulong cursor, int max, IContentSink sink)
        {
            foreach (var key in keys) sink.Tell(Encoding.UTF8.GetBytes(key), 0, 5, 1);
            return 0;
        }
    }

    private sealed class SwitchedPlane(IControlPlane plane) : IControlPlane
    {
        public IControlPlane Plane { get; set; } = plane;

        public IInstances Instances => Plane.Instances;

        public IContent Content => Plane.Content;

        public ITopology Topology => Plane.Topology;

        public IRouting Routing => Plane.Routing;

        public IOwnership Ownership => Plane.Ownership;

        public IEvents Events => Plane.Events;

        public IScheduling Scheduling => Plane.Scheduling;

        public IBatches Batches => Plane.Batches;

        public IAnalytics Analytics => Plane.Analytics;
    }
}
