using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Sharding;

namespace Hal.Cache.ControlPlane.Orleans.Grains;

/// <summary>One ownership record, the index of 64 hash slots. Key: tree/number.</summary>
internal interface IKeyOwnershipGrain : IGrainWithStringKey
{
    /// <summary>For calls that need no view of the tree.</summary>
    const int NoView = -1;

    Task<RecordReply> TakeAsync(RecordChanges changes, CacheKey[] keys);

    /// <summary>Copies of keys, in the order of the request.</summary>
    /// <param name="viewAgeMs">How old the record's view of the tree may be, in milliseconds; <see cref="NoView"/>: it needs none.</param>
    Task<LocatedKeys> LocateAsync(CacheKey[] keys, int viewAgeMs);

    Task<RecordPage> ScanAsync(RecordScan scan, int viewAgeMs);

    Task<HolderSums> SumAsync(CacheKey[] keys);

    Task<CacheKey[]> HeldAsync(string instance, CacheKey[] keys);

    Task<RecordTotals> TotalsAsync();

    Task<RecordShare> ShareAsync(string instance, bool withSlots);

    /// <summary>The instance's content is all in this life of the record.</summary>
    Task ToldAsync(string instance, string life);

    Task DropAsync(string instance);

    /// <summary>The silo that the record is on.</summary>
    Task<string> HomeAsync();

    /// <summary>Has the record go on on another silo, where it begins anew.</summary>
    Task MoveAsync(string silo);
}
