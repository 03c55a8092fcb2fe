using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Orleans.Grains;
using Hal.Cache.ControlPlane.Orleans.Roles;
using Hal.Cache.ControlPlane.Ownership;
using Hal.Cache.ControlPlane.Sharding;

namespace Hal.Cache.ControlPlane.Orleans.Records;

/// <summary>Asks the ownership records of a tree: keys are grouped by record, one call each, all at once.</summary>
internal sealed class RecordCalls(Func<IGrainFactory> grains, string tree, GrainCalls calls)
{
    // How many records a walk asks at a time, since a page is often full before the last.
    private const int ScanWidth = 32;

    public Task<Result<T>> AskAsync<T>(int record, Func<IKeyOwnershipGrain, Task<T>> call, CancellationToken cancellation) =>
        calls.AskAsync(() => call(grains().GetGrain<IKeyOwnershipGrain>(TreeKey.Of(tree, record))), cancellation);

    /// <summary>The answers of all records, in their order.</summary>
    public Task<Result<T[]>> AskAllAsync<T>(Func<IKeyOwnershipGrain, Task<T>> call, CancellationToken cancellation) =>
        WhenAllAsync(Enumerable.Range(0, HashSlot.Records).Select(r => AskAsync(r, call, cancellation)));

    public async Task<Result<LocatedKey[]>> LocateAsync(IReadOnlyList<CacheKey> keys, int viewAgeMs, CancellationToken cancellation)
    {
        if (keys.Count == 1)
        {
            var one = await AskAsync(RecordOf(keys[0]), r => r.LocateAsync([keys[0]], viewAgeMs), cancellation);
            return one.IsOk ? one.Value.Items.ToArray() : one.Error;
        }
        var groups = Enumerable.Range(0, keys.Count).GroupBy(i => RecordOf(keys[i])).ToArray();
        var found = await WhenAllAsync(groups.Select(g => AskAsync(g.Key, r => r.LocateAsync([.. g.Select(i => keys[i])], viewAgeMs), cancellation)));
        if (!found.IsOk) return found.Error;
        var located = new LocatedKey[keys.Count];
        for (var group = 0; group < groups.Length; group++)
        {
            foreach (var (place, index) in groups[group].Index()) located[index] = found.Value[group].Items[place];
        }
        return located;
    }

    /// <summary>One answer for each record that a key is in.</summary>
    public Task<Result<T[]>> AskByRecordAsync<T>(IReadOnlyList<CacheKey> keys, Func<IKeyOwnershipGrain, CacheKey[], Task<T>> call, CancellationToken cancellation) =>
        WhenAllAsync(keys.GroupBy(RecordOf).Select(g => AskAsync(g.Key, r => call(r, [.. g]), cancellation)));

    /// <summary>Walks records from a place on; answers what it found and the place to go on at, null at the end.</summary>
    public async Task<Result<(List<KeyLocation> Items, (int Record, int Entry)? Next)>> ScanAsync(
        RecordScan scan, (int Record, int Entry) place, int viewAgeMs, CancellationToken cancellation)
    {
        var items = new List<KeyLocation>();
        var scanned = 0;
        while (place.Record < HashSlot.Records)
        {
            var from = place;
            var width = Math.Min(ScanWidth, HashSlot.Records - from.Record);
            var left = scan with { ItemsMax = scan.ItemsMax - items.Count, ScannedMax = scan.ScannedMax - scanned };
            var pages = await WhenAllAsync(Enumerable.Range(from.Record, width).Select(
                record => AskAsync(record, r => r.ScanAsync(left with { From = record == from.Record ? from.Entry : 1 }, viewAgeMs), cancellation)));
            if (!pages.IsOk) return pages.Error;
            for (var i = 0; i < width; i++)
            {
                var page = pages.Value[i];
                var room = scan.ItemsMax - items.Count;
                items.AddRange(page.Items.Take(room));
                scanned += page.Scanned;
                if (page.Items.Count > room) return (items, (from.Record + i, page.Entries[room]));
                if (page.Next != 0) return (items, (from.Record + i, page.Next));
                place = (from.Record + i + 1, 1);
                // Full pages of later records would only be thrown away.
                if (scanned >= scan.ScannedMax || items.Count == scan.ItemsMax) return (items, place.Record < HashSlot.Records ? place : null);
            }
        }
        return (items, null);
    }

    private static int RecordOf(CacheKey key) => HashSlot.Record(HashSlot.Of(key.Span));

    private static async Task<Result<T[]>> WhenAllAsync<T>(IEnumerable<Task<Result<T>>> asked)
    {
        var all = await Task.WhenAll(asked);
        foreach (var one in all)
        {
            if (!one.IsOk) return one.Error;
        }
        return all.Select(a => a.Value).ToArray();
    }
}
