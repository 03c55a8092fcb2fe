using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Analytics;
using Hal.Cache.ControlPlane.Events;
using Hal.Cache.ControlPlane.Instances;
using Hal.Cache.ControlPlane.Ownership;
using Hal.Cache.ControlPlane.Routing;
using Hal.Cache.ControlPlane.Topology;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>The actors of one control plane. Who holds one and asks another goes only down this list, so that nobody waits in a circle:
/// an instance, an ownership record, then one of topology, usage, log.</summary>
internal sealed class PlaneState(ControlPlaneOptions options, TimeProvider time, string logId)
{
    public TimeProvider Time => time;

    public ControlPlaneOptions Options => options;

    public InstanceRegistry Registry { get; } = new(options.Instances);

    /// <summary>By number; each has its own gate.</summary>
    public KeyOwnershipRecord[] Records { get; } = [.. Enumerable.Range(0, HashSlot.Records).Select(i => new KeyOwnershipRecord(i))];

    public Actor<TopologyGraph> Topology { get; } = new(new TopologyGraph());

    public Actor<FailureTable> Failures { get; } = new(new FailureTable(time));

    public Actor<UsageBoard> Usage { get; } = new(new UsageBoard(time));

    public EventHub Events { get; } = new(new EventLog(logId));

    public DateTimeOffset Now => time.GetUtcNow();

    public long NowMs => Now.ToUnixTimeMilliseconds();

    public KeyOwnershipRecord RecordOf(int slot) => Records[HashSlot.Record(slot)];

    /// <summary>The registered instance, live or suspect.</summary>
    public Result<CacheInstance> Present(string name) =>
        Registry.Find(name) is not { Dropped: false } instance ? InstanceRegistry.Unknown(name)
        : instance.Recalled ? new CacheError(CacheErrorCode.NotFound, $"instance '{name}' has not been heard since the control plane was started; it must register again")
        : instance.State(Now) == InstanceState.Gone ? new CacheError(CacheErrorCode.NotFound, $"instance '{name}' has been silent for so long that it is gone; it must register again")
        : instance;

    /// <summary>Digest, keys and bytes of an instance over all records; its gate must be held, so that they belong together.</summary>
    public (ulong Digest, long Keys, long Bytes) Sum(CacheInstance instance)
    {
        ulong digest = 0;
        long keys = 0, bytes = 0;
        foreach (var record in Records)
        {
            lock (record.Gate)
            {
                if (record.Content.Share(instance.Number) is not { } share) continue;
                digest += share.Digest;
                keys += share.Keys;
                bytes += share.SizeBytes;
            }
        }
        return (digest, keys, bytes);
    }

    /// <summary>Forgets what an instance holds; its gate must be held.</summary>
    public void DropContent(CacheInstance instance)
    {
        foreach (var record in Records)
        {
            lock (record.Gate) record.DropInstance(instance.Number);
        }
        instance.Lose();
    }

    /// <summary>The topology of this moment, for long questions: routes need not wait for them.</summary>
    public TopologyGraph CopyTopology() => Topology.Ask(t => t.Copy());
}
