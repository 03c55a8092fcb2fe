using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Ownership;

namespace Hal.Cache.ControlPlane.Sharding;

/// <summary>
/// One ownership record that is a process's own: copies and fetches of the keys in its 64 slots, by the names of instances. Soft: a new life
/// begins empty, and an instance is told only when it has compared its content with this life's. Not thread-safe: its host serialises access.
/// </summary>
public sealed class RecordShard
{
    private readonly KeyOwnershipRecord record;
    private readonly TimeProvider time;
    private readonly InstanceNumbers numbers = new();
    private readonly Dictionary<string, (string Feed, long Number)> last = new(StringComparer.Ordinal);
    private readonly HashSet<string> told = new(StringComparer.Ordinal);

    /// <param name="life">Differs from that of every earlier life of the record.</param>
    public RecordShard(int number, string life, TimeProvider time)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)number, (uint)HashSlot.Records);
        (record, Life, this.time) = (new KeyOwnershipRecord(number), life, time);
    }

    public string Life { get; }

    private long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Takes changes in their order; the keys are beside them.</summary>
    public RecordReply Take(RecordChanges changes, IReadOnlyList<CacheKey> keys)
    {
        ArgumentNullException.ThrowIfNull(changes);
        ArgumentNullException.ThrowIfNull(keys);
        if (keys.Count != changes.Kinds.Length) throw new ArgumentException($"there are {keys.Count} keys and {changes.Kinds.Length} changes", nameof(keys));
        var isLate = last.TryGetValue(changes.Instance, out var before) && before.Feed == changes.Feed && before.Number > changes.Number;
        if (isLate) return new RecordReply { Share = Share(changes.Instance, false) };
        last[changes.Instance] = (changes.Feed, changes.Number);
        var taking = new RecordTaking(record, numbers.Of(changes.Instance), NowMs);
        taking.Take(changes, keys);
        return taking.Reply with { Share = Share(changes.Instance, false) };
    }

    /// <summary>Copies of keys; with a sight of the tree those of instances that are not in it, or gone, are left out, without one all are live.</summary>
    public LocatedKeys Locate(IReadOnlyList<CacheKey> keys, TreeSight? sight)
    {
        ArgumentNullException.ThrowIfNull(keys);
        var isIncomplete = sight is not null && IsIncomplete(sight);
        return new LocatedKeys([.. keys.Select(k => Locate(k, record.Content.Find(k.Span, k.Database), sight, isIncomplete))]);
    }

    /// <summary>Walks the keys.</summary>
    public RecordPage Scan(RecordScan scan, TreeSight? sight)
    {
        ArgumentNullException.ThrowIfNull(scan);
        var content = record.Content;
        var (items, entries) = (new List<KeyLocation>(), new List<int>());
        var (entry, scanned) = (scan.From, 0);
        var only = scan.Instance is { } name ? numbers.Find(name) : null;
        var isIncomplete = sight is not null && IsIncomplete(sight);
        for (; entry < content.End && scanned < scan.ScannedMax; entry++, scanned++)
        {
            if (!content.IsUsed(entry)) continue;
            if (scan.Prefix is { Start: var start } && (content.Database(entry) != start.Database || !content.Key(entry).StartsWith(start.Span))) continue;
            if (scan.Instance is not null && (only is null || content.CopyOf(entry, only.Value) == 0)) continue;
            if (items.Count == scan.ItemsMax) return new RecordPage(items, entries, entry, scanned);
            items.Add(Locate(new CacheKey(content.Key(entry).ToArray(), content.Database(entry)), entry, sight, isIncomplete).Location);
            entries.Add(entry);
        }
        return new RecordPage(items, entries, entry < content.End ? entry : 0, scanned);
    }

    public RecordTotals Totals() => new(
        record.Content.Keys,
        record.Content.MemoryBytes,
        [.. numbers.All.Select(i => (i.Name, Share: record.Content.Share(i.Number))).Where(i => i.Share is { Keys: > 0 }).Select(i => new InstanceContent(i.Name, i.Share!.Keys, i.Share.SizeBytes))]);

    /// <summary>Only holders of a key's newest version count: an older copy has to be fetched again.</summary>
    public HolderSums Sum(IReadOnlyList<CacheKey> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        var sets = new Scheduling.HolderSets();
        var content = record.Content;
        Span<ushort> holders = stackalloc ushort[ControlPlaneLimits.InstancesMax];
        foreach (var key in keys)
        {
            int count = 0;
            long version = long.MinValue, size = 0;
            for (var at = content.FirstCopy(content.Find(key.Span, key.Database)); at != 0; at = content.CopyAt(at).Next)
            {
                ref readonly var copy = ref content.CopyAt(at);
                if (copy.Version > version) (version, size, count) = (copy.Version, copy.SizeBytes, 0);
                if (copy.Version == version && count < holders.Length) holders[count++] = copy.Instance;
            }
            sets.Add(holders[..count], size);
        }
        return new HolderSums([.. sets.All.Select(s => new HolderSum([.. s.Key.Select(n => numbers.Name(n)!)], s.Value.Keys, s.Value.Bytes))]);
    }

    /// <summary>Those of the keys that an instance holds.</summary>
    public IReadOnlyList<CacheKey> Held(string instance, IReadOnlyList<CacheKey> keys) =>
        numbers.Find(instance) is { } number ? [.. keys.Where(k => record.Content.CopyOf(record.Content.Find(k.Span, k.Database), number) != 0)] : [];

    /// <summary>What the record has of an instance, with the digest of each slot where that is asked for.</summary>
    public RecordShare Share(string instance, bool withSlots)
    {
        var share = numbers.Find(instance) is { } number ? record.Content.Share(number) : null;
        return new RecordShare(Life, told.Contains(instance), share?.Digest ?? 0, share?.Keys ?? 0, share?.SizeBytes ?? 0, withSlots ? share?.Digests ?? new ulong[HashSlot.PerRecord] : []);
    }

    /// <summary>An instance's content was found equal to what this life has; of another life it says nothing.</summary>
    public void Told(string instance, string life)
    {
        if (life == Life) told.Add(instance);
    }

    /// <summary>Forgets everything about an instance.</summary>
    public void Drop(string instance)
    {
        told.Remove(instance);
        last.Remove(instance);
        if (numbers.Find(instance) is not { } number) return;
        record.DropInstance(number);
        numbers.Remove(instance);
    }

    // Somebody in the tree may hold what this life has not heard of.
    private bool IsIncomplete(TreeSight sight) => !sight.IsWhole || sight.Instances.Any(i => !told.Contains(i) && sight.State(i) != InstanceState.Gone);

    private LocatedKey Locate(CacheKey key, int entry, TreeSight? sight, bool isIncomplete)
    {
        var slot = entry == 0 ? HashSlot.Of(key.Span) : record.FirstSlot + record.Content.Slot(entry);
        var holders = new List<Holder>(4);
        long version = 0, size = 0;
        for (var at = record.Content.FirstCopy(entry); at != 0;)
        {
            ref readonly var copy = ref record.Content.CopyAt(at);
            if (State(copy.Instance, sight) is { } state)
            {
                holders.Add(new Holder { Instance = numbers.Name(copy.Instance)!, State = state, SizeBytes = copy.SizeBytes, Version = copy.Version });
                if (holders.Count == 1 || copy.Version > version) (version, size) = (copy.Version, copy.SizeBytes);
            }
            at = copy.Next;
        }
        var fetches = new List<FetchSource>();
        if (record.HasFlights)
        {
            foreach (var flight in record.Flights(key, NowMs))
            {
                var name = numbers.Name(flight.Instance)!;
                if (State(flight.Instance, sight) is not { } state) continue;
                fetches.Add(new FetchSource(name, flight.Source));
                if (holders.Exists(h => h.Instance == name && h.Version >= flight.Version)) continue;
                holders.RemoveAll(h => h.Instance == name);
                holders.Add(new Holder { Instance = name, State = state, SizeBytes = flight.SizeBytes, Version = flight.Version, Fetching = true });
                if (holders.Count == 1 || flight.Version > version) (version, size) = (flight.Version, flight.SizeBytes);
            }
        }
        return new LocatedKey(
            new KeyLocation { Key = key, Slot = slot, Root = sight?.Root(slot), Version = version, SizeBytes = size, Holders = holders, Incomplete = isIncomplete }, fetches);
    }

    // Null where it does not count: of content that is gone with its instance nobody should hear.
    private InstanceState? State(int number, TreeSight? sight)
    {
        if (sight is null) return InstanceState.Live;
        return sight.State(numbers.Name(number)!) is { } state and not InstanceState.Gone ? state : null;
    }
}
