using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Content;
using Hal.Cache.ControlPlane.Events;
using Hal.Cache.ControlPlane.Instances;
using Hal.Cache.ControlPlane.Ownership;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>The content map, in this process.</summary>
internal sealed class ContentHost(PlaneState state) : IContent
{
    public Task<Result<KeyLocation>> LocateAsync(CacheKey key, CancellationToken cancellation) => Task.FromResult<Result<KeyLocation>>(Locate(key));

    public Task<Result<IReadOnlyList<KeyLocation>>> LocateManyAsync(IReadOnlyList<CacheKey> keys, CancellationToken cancellation) =>
        Task.FromResult<Result<IReadOnlyList<KeyLocation>>>(
            CheckKeys(keys) is { } error ? error : keys.Select(Locate).ToArray());

    public Task<Result<Page<KeyLocation>>> LocatePrefixAsync(KeyPrefix prefix, PageRequest page, CancellationToken cancellation) =>
        Task.FromResult(Scan(prefix, page, (record, entry, key) => Locate(record, entry, key)));

    public Task<Result<Page<ContentEntry>>> InventoryAsync(string instance, KeyPrefix? prefix, PageRequest page, CancellationToken cancellation)
    {
        if (state.Registry.Find(instance) is not { } found) return Task.FromResult<Result<Page<ContentEntry>>>(InstanceRegistry.Unknown(instance));
        return Task.FromResult(Scan(prefix, page, (record, entry, key) =>
        {
            var copy = record.Content.CopyOf(entry, found.Number);
            return copy == 0 ? null : new ContentEntry(key, record.Content.CopyAt(copy).SizeBytes, record.Content.CopyAt(copy).Version);
        }));
    }

    public Task<Result<ContentTotals>> TotalsAsync(CancellationToken cancellation)
    {
        long keys = 0, index = 0;
        var numbered = state.Registry.Numbered;
        var sums = new (long Keys, long Bytes)[numbered.Length];
        foreach (var record in state.Records)
        {
            lock (record.Gate)
            {
                keys += record.Content.Keys;
                index += record.Content.MemoryBytes;
                for (var number = 0; number < sums.Length; number++)
                {
                    if (record.Content.Share(number) is not { } share) continue;
                    sums[number] = (sums[number].Keys + share.Keys, sums[number].Bytes + share.SizeBytes);
                }
            }
        }
        return Task.FromResult<Result<ContentTotals>>(new ContentTotals
        {
            Keys = keys,
            Copies = sums.Sum(s => s.Keys),
            CopyBytes = sums.Sum(s => s.Bytes),
            IndexBytes = index,
            Instances =
            [
                .. numbered.OfType<CacheInstance>().Select(i => new InstanceContent(i.Name, sums[i.Number].Keys, sums[i.Number].Bytes))
                    .OrderBy(i => i.Instance, StringComparer.Ordinal),
            ],
        });
    }

    public static CacheError? CheckKeys(IReadOnlyList<CacheKey> keys) =>
        keys.Count > ControlPlaneLimits.KeysMax
            ? new CacheError(CacheErrorCode.Invalid, $"there are {keys.Count} keys; a request has at most {ControlPlaneLimits.KeysMax} (KeysMax)")
            : null;

    public KeyLocation Locate(CacheKey key)
    {
        var slot = HashSlot.Of(key.Span);
        var record = state.RecordOf(slot);
        lock (record.Gate)
        {
            var entry = record.Content.Find(key.Span, key.Database);
            return entry == 0 && !record.HasFlights
                ? new KeyLocation { Key = key, Slot = slot, Root = record.Owner(slot) }
                : Locate(record, entry, key);
        }
    }

    /// <summary>
    /// Walks keys with a prefix (null: all) from a place on, a bounded number under each gate; stops where <paramref name="visit"/> says
    /// false or <paramref name="scannedMax"/> keys were looked at, and answers the place to go on at, null at the end.
    /// </summary>
    public (int Record, int Entry)? Walk(KeyPrefix? prefix, (int Record, int Entry) place, int scannedMax, Func<KeyOwnershipRecord, int, bool> visit)
    {
        const int PerTurn = 4096;
        var start = prefix?.Start;
        while (place.Record < state.Records.Length)
        {
            var record = state.Records[place.Record];
            lock (record.Gate)
            {
                var content = record.Content;
                var end = Math.Min(content.End, place.Entry + Math.Min(PerTurn, scannedMax));
                for (; place.Entry < end; place.Entry++, scannedMax--)
                {
                    if (!content.IsUsed(place.Entry)) continue;
                    if (start is { } s && (content.Database(place.Entry) != s.Database || !content.Key(place.Entry).StartsWith(s.Span))) continue;
                    if (!visit(record, place.Entry)) return place;
                }
                if (place.Entry >= content.End) place = (place.Record + 1, 1);
            }
            if (scannedMax <= 0 && place.Record < state.Records.Length) return place;
        }
        return null;
    }

    public static CacheError? CheckPrefix(KeyPrefix? prefix) =>
        prefix is null || prefix.Start.Bytes.Length is >= 1 and <= ControlPlaneLimits.PrefixBytesMax
            ? null
            : new CacheError(CacheErrorCode.Invalid, $"a prefix has 1 to {ControlPlaneLimits.PrefixBytesMax} bytes (PrefixBytesMax); this one has {prefix.Start.Bytes.Length}");

    private Result<Page<T>> Scan<T>(KeyPrefix? prefix, PageRequest page, Func<KeyOwnershipRecord, int, CacheKey, T?> item)
        where T : class
    {
        if ((Paging.Check(page) ?? CheckPrefix(prefix)) is { } error) return error;
        var from = Paging.Place(page.Cursor);
        if (!from.IsOk) return from.Error;
        var items = new List<T>();
        var next = Walk(prefix, from.Value, ControlPlaneLimits.ScannedMax, (record, entry) =>
        {
            if (items.Count == page.Limit) return false;
            var key = new CacheKey(record.Content.Key(entry).ToArray(), record.Content.Database(entry));
            if (item(record, entry, key) is { } found) items.Add(found);
            return true;
        });
        return new Page<T>(items, next is { } place ? Paging.Cursor(place.Record, place.Entry) : null);
    }

    // The record's gate is held.
    private KeyLocation Locate(KeyOwnershipRecord record, int entry, CacheKey key)
    {
        var slot = entry == 0 ? HashSlot.Of(key.Span) : record.FirstSlot + record.Content.Slot(entry);
        var holders = new List<Holder>(4);
        var now = state.Now;
        long version = 0, size = 0;
        for (var at = record.Content.FirstCopy(entry); at != 0;)
        {
            ref readonly var copy = ref record.Content.CopyAt(at);
            if (state.Registry.Find(copy.Instance) is { } instance)
            {
                holders.Add(new Holder { Instance = instance.Name, State = instance.State(now), SizeBytes = copy.SizeBytes, Version = copy.Version });
                if (holders.Count == 1 || copy.Version > version) (version, size) = (copy.Version, copy.SizeBytes);
            }
            at = copy.Next;
        }
        if (record.HasFlights)
        {
            foreach (var flight in record.Flights(key, state.NowMs))
            {
                if (state.Registry.Find(flight.Instance) is not { } instance || holders.Exists(h => h.Instance == instance.Name && h.Version >= flight.Version)) continue;
                holders.RemoveAll(h => h.Instance == instance.Name);
                holders.Add(new Holder { Instance = instance.Name, State = instance.State(now), SizeBytes = flight.SizeBytes, Version = flight.Version, Fetching = true });
                if (holders.Count == 1 || flight.Version > version) (version, size) = (flight.Version, flight.SizeBytes);
            }
        }
        return new KeyLocation { Key = key, Slot = slot, Root = record.Owner(slot), Version = version, SizeBytes = size, Holders = holders };
    }
}
