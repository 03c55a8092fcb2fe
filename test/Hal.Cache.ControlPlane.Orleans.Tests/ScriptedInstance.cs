using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Instances;
using Hal.Cache.ControlPlane.Content;
using Hal.Cache.ControlPlane.Ownership;

namespace Hal.Cache.ControlPlane.Orleans.Tests;

/// <summary>An instance that holds what the test gives it, and tells it by the contract's calls, one at a time.</summary>
internal sealed class ScriptedInstance(IControlPlane plane, string name, string? parent = null)
{
    private readonly List<CacheKey> held = [];
    private long sequence;
    private long heartbeats;

    private static CancellationToken None => CancellationToken.None;

    public async Task RegisterAsync()
    {
        var registration = new InstanceRegistration
        {
            Name = name, Parent = parent, Role = parent is null ? InstanceRole.Root : InstanceRole.Leaf, Silo = name, Epoch = 1, Sequence = sequence,
            RespAddress = "127.0.0.1:1",
        };
        var lease = await plane.Instances.RegisterAsync(registration, None);
        Assert.True(lease.IsOk, lease.ToString());
    }

    public async Task AddAsync(params CacheKey[] keys)
    {
        held.AddRange(keys);
        await ReportAsync(Batch([Added(keys)], []));
    }

    /// <summary>As an instance does: where the control plane does not know it any more, it registers again.</summary>
    public async Task<InstanceLease> HeartbeatAsync()
    {
        var lease = await BeatAsync();
        if (lease.Error?.Code == CacheErrorCode.NotFound)
        {
            await RegisterAsync();
            lease = await BeatAsync();
        }
        Assert.True(lease.IsOk, lease.ToString());
        return lease.Value;
    }

    /// <summary>Tells all that it holds between two marks, and compares digests, which must be equal.</summary>
    public async Task RepairAsync() => Assert.True(await IsRepairedAsync(), "digests differ");

    /// <summary>Tells all that it holds between two marks, and answers whether digests are equal then.</summary>
    public async Task<bool> IsRepairedAsync()
    {
        var begin = new RepairMark { Sequence = ++sequence, Begins = true, Slots = [new SlotRange(0, HashSlot.Count - 1)] };
        var told = Added([.. held]);
        await ReportAsync(Batch([told], [begin, new RepairMark { Sequence = ++sequence, Begins = false }]));
        var query = new DigestQuery { Instance = name, Epoch = 1, Sequence = sequence, Level = DigestLevel.Record, Digests = Digests() };
        var reply = await plane.Events.CompareDigestsAsync(query, None);
        return reply is { IsOk: true, Value: { Compared: true, Differing.Count: 0 } };
    }

    private Task<Result<InstanceLease>> BeatAsync() =>
        plane.Instances.HeartbeatAsync(new Heartbeat { Instance = name, Epoch = 1, Number = ++heartbeats, Sequence = sequence }, None);

    private ContentDigest[] Digests()
    {
        var counted = new ulong[HashSlot.Records];
        foreach (var key in held) counted[HashSlot.Record(HashSlot.Of(key.Span))] += EntryDigest.Of(EntryDigest.OfKey(key.Span, key.Database), 1, 1);
        return [.. counted.Select((digest, record) => new ContentDigest(record, digest))];
    }

    private ChangeEvent Added(CacheKey[] keys) => new()
    {
        Instance = name, Epoch = 1, Sequence = ++sequence, Timestamp = DateTimeOffset.UnixEpoch,
        KeysAdded = keys, KeySizes = [.. keys.Select(_ => 1L)], KeyVersions = [.. keys.Select(_ => 1L)],
    };

    private EventBatch Batch(ChangeEvent[] events, RepairMark[] marks) => new() { Instance = name, Epoch = 1, Events = events, Marks = marks };

    private async Task ReportAsync(EventBatch batch)
    {
        var reply = await plane.Events.ReportAsync(batch, None);
        Assert.True(reply.IsOk, reply.ToString());
    }
}
