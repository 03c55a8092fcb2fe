using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Orleans.Placement;
using Hal.Cache.ControlPlane.Orleans.Records;
using Hal.Cache.ControlPlane.Ownership;
using Hal.Cache.ControlPlane.Sharding;
using Orleans.Concurrency;

namespace Hal.Cache.ControlPlane.Orleans.Grains;

/// <summary>All ownership records of one silo: takes a call, asks each of the records that are here. Has no state.</summary>
[Reentrant]
[NamedSiloPlacement]
internal sealed class SiloRecordsGrain(SiloRecords records, TreeSights sights) : Grain, ISiloRecordsGrain
{
    public Task<int[]> ListAsync(string tree) => Task.FromResult(Enumerable.Range(0, HashSlot.Records).Where(record => records.Find(tree, record) is not null).ToArray());

    public Task<RecordReply?[]> TakeAsync(string tree, int[] records, RecordChanges[] changes, CacheKey[] keys)
    {
        var parts = new Parts(keys);
        return AskAsync(tree, records, (record, place) => record.Take(changes[place], KeysOf(place)), place => KeysOf(place));

        ArraySegment<CacheKey> KeysOf(int place) => parts.Next(changes[place].Kinds.Length);
    }

    public async Task<LocatedKeys?[]> LocateAsync(string tree, int[] records, int[] counts, CacheKey[] keys, int viewAgeMs)
    {
        var sight = viewAgeMs == IKeyOwnershipGrain.NoView ? null : await sights.GetAsync(tree, viewAgeMs);
        var parts = new Parts(keys);
        return await AskAsync(tree, records, (record, place) => record.Locate(parts.Next(counts[place]), sight), place => parts.Next(counts[place]));
    }

    public Task<RecordTotals?[]> TotalsAsync(string tree, int[] records) => AskAsync(tree, records, (record, _) => record.Totals());

    public Task<RecordShare?[]> ShareAsync(string tree, int[] records, string instance, bool withSlots) =>
        AskAsync(tree, records, (record, _) => record.Share(instance, withSlots));

    public Task<string?[]> ToldAsync(string tree, int[] records, string[] lives, string instance) => AskAsync(tree, records, (record, place) =>
    {
        record.Told(instance, lives[place]);
        return lives[place];
    });

    private Task<T?[]> AskAsync<T>(string tree, int[] wanted, Func<RecordShard, int, T> ask, Action<int>? skip = null)
        where T : class
    {
        var answers = new T?[wanted.Length];
        for (var place = 0; place < wanted.Length; place++)
        {
            answers[place] = records.Find(tree, wanted[place])?.Ask(record => ask(record, place));
            if (answers[place] is null) skip?.Invoke(place);
        }
        return Task.FromResult(answers);
    }

    // Keys of one record after the other.
    private sealed class Parts(CacheKey[] keys)
    {
        private int at;

        public ArraySegment<CacheKey> Next(int count) => new(keys, (at += count) - count, count);
    }
}
