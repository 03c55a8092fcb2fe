using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Orleans.Grains;
using Hal.Cache.ControlPlane.Orleans.Roles;
using Hal.Cache.ControlPlane.Ownership;
using Hal.Cache.ControlPlane.Sharding;

namespace Hal.Cache.ControlPlane.Orleans.Records;

/// <summary>
/// Asks the ownership records of a tree, all at once: keys are grouped by record, and records by the silo that they are on where that is known, with one call
/// for each silo; the others have one call each.
/// </summary>
/// <param name="grains">Asked for at each call, since a member that joins again has others.</param>
/// <param name="homes">Where records are; null at a client, which does not hear of silos.</param>
/// <param name="tree">The tree's name.</param>
/// <param name="calls">How often a call is made.</param>
internal sealed class RecordCalls(Func<IGrainFactory> grains, Func<RecordHomes?> homes, string tree, GrainCalls calls)
{
    // How many records a walk asks at a time, since a page is often full before the last.
    private const int ScanWidth = 32;

    public Task<Result<T>> AskAsync<T>(int record, Func<IKeyOwnershipGrain, Task<T>> call, CancellationToken cancellation) =>
        calls.AskAsync(() => call(grains().GetGrain<IKeyOwnershipGrain>(TreeKey.Of(tree, record))), cancellation);

    /// <summary>Has records take their parts of a batch; one answer each.</summary>
    public Task<Result<RecordReply>[]> TakeAsync(IReadOnlyList<int> records, IReadOnlyList<RecordChanges> changes, IReadOnlyList<CacheKey[]> keys) => AskManyAsync(
        records,
        (silo, here, places) => silo.TakeAsync(tree, here, [.. places.Select(p => changes[p])], [.. places.SelectMany(p => keys[p])]),
        (record, place) => record.TakeAsync(changes[place], keys[place]),
        CancellationToken.None);

    /// <summary>What records have of an instance; one answer each.</summary>
    public Task<Result<RecordShare>[]> SharesAsync(IReadOnlyList<int> records, string instance, bool withSlots, CancellationToken cancellation) => AskManyAsync(
        records,
        (silo, here, _) => silo.ShareAsync(tree, here, instance, withSlots),
        (record, _) => record.ShareAsync(instance, withSlots),
        cancellation);

    /// <summary>Tells records that an instance's content is all in these lives of them; one answer each, the life that was told.</summary>
    public Task<Result<string>[]> TellAsync(IReadOnlyList<int> records, IReadOnlyList<string> lives, string instance) => AskManyAsync(
        records,
        (silo, here, places) => silo.ToldAsync(tree, here, [.. places.Select(p => lives[p])], instance),
        async (record, place) =>
        {
            await record.ToldAsync(instance, lives[place]);
            return lives[place];
        },
        CancellationToken.None);

    /// <summary>What all records have.</summary>
    public async Task<Result<RecordTotals[]>> TotalsAsync(CancellationToken cancellation) => All(await AskManyAsync(
        [.. Enumerable.Range(0, HashSlot.Records)],
        (silo, here, _) => silo.TotalsAsync(tree, here),
        (record, _) => record.TotalsAsync(),
        cancellation));

    public async Task<Result<LocatedKey[]>> LocateAsync(IReadOnlyList<CacheKey> keys, int viewAgeMs, CancellationToken cancellation)
    {
        if (keys.Count == 1)
        {
            var one = await AskAsync(RecordOf(keys[0]), r => r.LocateAsync([keys[0]], viewAgeMs), cancellation);
            return one.IsOk ? one.Value.Items.ToArray() : one.Error;
        }
        var groups = Enumerable.Range(0, keys.Count).GroupBy(i => RecordOf(keys[i])).ToArray();
        CacheKey[][] parts = [.. groups.Select(g => g.Select(i => keys[i]).ToArray())];
        var found = All(await AskManyAsync(
            [.. groups.Select(g => g.Key)],
            (silo, here, places) => silo.LocateAsync(tree, here, [.. places.Select(p => parts[p].Length)], [.. places.SelectMany(p => parts[p])], viewAgeMs),
            (record, place) => record.LocateAsync(parts[place], viewAgeMs),
            cancellation));
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

    // What a silo does not have, or where it does not answer, is asked of the records' own grains, which are made anew where they were lost.
    private async Task<Result<T>[]> AskManyAsync<T>(
        IReadOnlyList<int> records,
        Func<ISiloRecordsGrain, int[], int[], Task<T?[]>> together,
        Func<IKeyOwnershipGrain, int, Task<T>> alone,
        CancellationToken cancellation)
        where T : class
    {
        var answers = new Result<T>[records.Count];
        if (homes() is not { } known || records.Count == 1)
        {
            await AloneAsync(Enumerable.Range(0, records.Count));
            return answers;
        }
        var missing = await Task.WhenAll(known.Group(tree, records).Select(async group =>
        {
            var found = group.Silo is null ? [] : await TogetherAsync(known.At(group.Silo), group.Places);
            for (var i = 0; i < found.Length; i++)
            {
                if (found[i] is { } answer) answers[group.Places[i]] = answer;
            }
            int[] rest = found.Length == 0 ? group.Places : [.. group.Places.Where((_, i) => found[i] is null)];
            await AloneAsync(rest);
            return rest.Length;
        }));
        if (missing.Any(m => m > 0)) known.Look(tree);
        return answers;

        Task AloneAsync(IEnumerable<int> places) =>
            Task.WhenAll(places.Select(async place => answers[place] = await AskAsync(records[place], r => alone(r, place), cancellation)));

        async Task<T?[]> TogetherAsync(ISiloRecordsGrain silo, int[] places)
        {
            try
            {
                return await together(silo, [.. places.Select(p => records[p])], places);
            }
            catch (Exception failure) when (GrainCalls.IsLoss(failure))
            {
                return [];
            }
        }
    }

    private static async Task<Result<T[]>> WhenAllAsync<T>(IEnumerable<Task<Result<T>>> asked) => All(await Task.WhenAll(asked));

    private static Result<T[]> All<T>(Result<T>[] answers)
    {
        foreach (var one in answers)
        {
            if (!one.IsOk) return one.Error;
        }
        return answers.Select(a => a.Value).ToArray();
    }
}
