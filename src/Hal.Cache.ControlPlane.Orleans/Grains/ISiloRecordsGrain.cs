using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Sharding;

namespace Hal.Cache.ControlPlane.Orleans.Grains;

/// <summary>
/// The ownership records that are on one silo, so that what concerns many of them is one call. Each answer has one item for each record that was asked, null
/// where it is not here. Key: the silo's address.
/// </summary>
internal interface ISiloRecordsGrain : IGrainWithStringKey
{
    /// <summary>Numbers of a tree's records that are here.</summary>
    Task<int[]> ListAsync(string tree);

    /// <summary>Has records take changes, whose keys are those of the first record, then those of the next.</summary>
    Task<RecordReply?[]> TakeAsync(string tree, int[] records, RecordChanges[] changes, CacheKey[] keys);

    /// <summary>Copies of keys, so many of each record.</summary>
    Task<LocatedKeys?[]> LocateAsync(string tree, int[] records, int[] counts, CacheKey[] keys, int viewAgeMs);

    Task<RecordTotals?[]> TotalsAsync(string tree, int[] records);

    Task<RecordShare?[]> ShareAsync(string tree, int[] records, string instance, bool withSlots);

    /// <summary>An instance's content is all in these lives of the records; what comes back are the lives that were told.</summary>
    Task<string?[]> ToldAsync(string tree, int[] records, string[] lives, string instance);
}
