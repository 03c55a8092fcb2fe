using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Instances;
using Hal.Cache.ControlPlane.Content;
using Hal.Cache.ControlPlane.Instances;
using Hal.Cache.ControlPlane.Ownership;
using Hal.Cache.ControlPlane.Sharding;
using Hal.Cache.Testing.Time;

namespace Hal.Cache.ControlPlane.Tests.Sharding;

/// <summary>An instance, its shard and the records, with a host between them that loses parts, answers, batches and records by a seed.</summary>
internal sealed class ShardedInstance
{
    private const string Name = "a";
    private const int Keys = 300;

    private readonly Random random;
    private readonly ManualTimeProvider clock = new();
    private readonly InstanceShard shard;
    private readonly RecordShard[] records;
    private readonly SortedDictionary<int, (long Size, long Version)> held = [];
    private long sequence;
    private long version;
    private long batches;
    private int lives;

    public ShardedInstance(int seed)
    {
        random = new Random(seed);
        shard = new InstanceShard(clock, new InstanceOptions());
        records = [.. Enumerable.Range(0, HashSlot.Records).Select(NewRecord)];
        shard.Register(
            new InstanceRegistration { Name = Name, Role = InstanceRole.Root, Silo = "s", Epoch = 1, RespAddress = "127.0.0.1:1" },
            new InstanceLease { Instance = Name, Epoch = 1, LeaseMs = 1, HeartbeatMs = 1, AppliedSequence = 0, DigestWanted = true });
    }

    public static CacheKey KeyIn(int record) =>
        Enumerable.Range(0, int.MaxValue).Select(i => CacheKey.FromText($"{i}")).First(k => HashSlot.Record(HashSlot.Of(k.Span)) == record);

    public static TreeView View(bool isWhole, params string[] instances) => new()
    {
        Instances = [.. instances.Select(i => new ViewedInstance(i, TimeSpan.Zero))], IsWhole = isWhole, Owners = [],
        Lease = TimeSpan.FromSeconds(4), GoneAfter = TimeSpan.FromSeconds(60),
    };

    /// <summary>Changes some keys and tells it; what may be lost is, with this probability each. Null where the batch itself was.</summary>
    public ReportReply? Step(double loss)
    {
        var (added, removed) = (new List<int>(), new List<int>());
        for (var i = random.Next(1, 5); i > 0; i--)
        {
            var key = random.Next(Keys);
            if (added.Contains(key) || removed.Contains(key)) continue;
            if (held.Remove(key)) removed.Add(key);
            else
            {
                held[key] = (random.Next(1000), ++version);
                added.Add(key);
            }
        }
        var change = Change(added) with { KeysEvicted = [.. removed.Select(Key)] };
        if (random.NextDouble() < loss / 5)
        {
            // A record dies, and its notice may be lost too.
            var dead = random.Next(records.Length);
            records[dead] = NewRecord(dead);
            if (random.NextDouble() >= loss && shard.BeginLife(dead, records[dead].Life)) records[dead].Told(Name, records[dead].Life);
        }
        return loss < 1 && random.NextDouble() < loss ? null : Report(new EventBatch { Instance = Name, Epoch = 1, Events = [change] }, loss);
    }

    /// <summary>Compares and repairs, without a loss, as the instance's reporter does, until the digests are equal.</summary>
    public void Settle()
    {
        for (var round = 0; round < 10; round++)
        {
            var query = new DigestQuery { Instance = Name, Epoch = 1, Sequence = sequence, Level = DigestLevel.Record, Digests = Digests() };
            var begun = shard.BeginCompare(query);
            var reply = shard.EndCompare(query, begun.Value.ToDictionary(r => r, RecordShare? (r) => records[r].Share(Name, false)));
            foreach (var (record, life) in shard.Untold)
            {
                records[record].Told(Name, life);
                shard.Tell(record, life);
            }
            if (reply is { Compared: true, Differing.Count: 0 }) return;
            if (reply.Compared) Repair([.. reply.Differing]);
            else Report(new EventBatch { Instance = Name, Epoch = 1, Events = [Change([])] }, 0); // the last ones were lost
        }
        Assert.Fail("the digests are never equal");
    }

    public IEnumerable<(string Key, long Size, long Version)> Held() =>
        held.Select(h => (Key(h.Key).ToString(), h.Value.Size, h.Value.Version)).OrderBy(h => h.Item1, StringComparer.Ordinal);

    public IEnumerable<(string Key, long Size, long Version)> Recorded() =>
        records.SelectMany(r => r.Scan(new RecordScan(null, Name, 1, int.MaxValue, int.MaxValue), null).Items)
            .Select(i => (i.Key.ToString(), i.Holders[0].SizeBytes, i.Holders[0].Version)).OrderBy(i => i.Item1, StringComparer.Ordinal);

    public bool AllTold() => records.All(r => r.Share(Name, false).IsTold);

    private void Repair(HashSet<int> differing)
    {
        var begin = new RepairMark
        {
            Sequence = ++sequence, Begins = true,
            Slots = [.. differing.Select(r => new SlotRange(r * HashSlot.PerRecord, ((r + 1) * HashSlot.PerRecord) - 1))],
        };
        var told = Change([.. held.Keys.Where(k => differing.Contains(HashSlot.Record(HashSlot.Of(Key(k).Span))))]);
        Report(new EventBatch { Instance = Name, Epoch = 1, Events = [told], Marks = [begin, new RepairMark { Sequence = ++sequence, Begins = false }] }, 0);
    }

    private ReportReply Report(EventBatch batch, double loss)
    {
        var begun = shard.Begin(batch).Value;
        var number = ++batches;
        var replies = new Dictionary<int, RecordReply?>();
        foreach (var (record, part) in begun.Parts)
        {
            var isTaken = random.NextDouble() >= loss;
            var reply = isTaken ? records[record].Take(part.Changes("feed", number), part.Keys) : null;
            replies[record] = random.NextDouble() >= loss ? reply : null;
        }
        return shard.End(begun, replies);
    }

    private ChangeEvent Change(IReadOnlyList<int> added) => new()
    {
        Instance = Name, Epoch = 1, Sequence = ++sequence, Timestamp = clock.GetUtcNow(),
        KeysAdded = [.. added.Select(Key)], KeySizes = [.. added.Select(k => held[k].Size)], KeyVersions = [.. added.Select(k => held[k].Version)],
    };

    private ContentDigest[] Digests()
    {
        var sums = new ulong[HashSlot.Records];
        foreach (var (key, (size, copy)) in held)
        {
            var bytes = Key(key).Span;
            sums[HashSlot.Record(HashSlot.Of(bytes))] += EntryDigest.Of(EntryDigest.OfKey(bytes, 0), size, copy);
        }
        return [.. sums.Select((sum, record) => new ContentDigest(record, sum))];
    }

    private RecordShard NewRecord(int number) => new(number, $"life {++lives}", clock);

    private static CacheKey Key(int number) => CacheKey.FromText($"data/{number:D4}");
}
