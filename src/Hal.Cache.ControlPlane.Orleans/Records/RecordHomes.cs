using System.Collections.Concurrent;
using Hal.Cache.ControlPlane.Orleans.Grains;
using Hal.Cache.ControlPlane.Orleans.Roles;
using Hal.Cache.ControlPlane.Ownership;
using Orleans.Runtime;

namespace Hal.Cache.ControlPlane.Orleans.Records;

/// <summary>
/// Which silo each ownership record is on, as far as this silo has heard. No more than a hint: a record that is not there is asked by its own grain.
/// Thread-safe.
/// </summary>
internal sealed class RecordHomes(IGrainFactory grains, ISiloStatusOracle silos)
{
    private readonly ConcurrentDictionary<string, TreeHomes> trees = new(StringComparer.Ordinal);

    /// <summary>This silo.</summary>
    public string Here => silos.SiloAddress.ToParsableString();

    /// <summary>The places of records in a list, by the silo that they are on; null: it is not known, or it is dead.</summary>
    public IReadOnlyList<(SiloAddress? Silo, int[] Places)> Group(string tree, IReadOnlyList<int> records)
    {
        var homes = Of(tree).Silos;
        return [.. Enumerable.Range(0, records.Count).GroupBy(place => Live(homes[records[place]])).Select(group => (group.Key, group.ToArray()))];
    }

    /// <summary>What answers for all records of a silo.</summary>
    public ISiloRecordsGrain At(SiloAddress silo) => grains.GetGrain<ISiloRecordsGrain>(silo.ToParsableString());

    /// <summary>Something was not where it was thought to be: all silos are asked what they have, unless they are being asked already.</summary>
    public void Look(string tree)
    {
        var homes = Of(tree);
        lock (homes)
        {
            // Outside of the caller's grain, which does not wait for it.
            if (homes.Looking.IsCompleted) homes.Looking = Task.Run(() => LookAsync(tree, homes));
        }
    }

    private async Task LookAsync(string tree, TreeHomes homes)
    {
        var found = new SiloAddress?[HashSlot.Records];
        foreach (var (silo, records) in await Task.WhenAll(silos.GetActiveSilos().Select(silo => ListAsync(tree, silo))))
        {
            foreach (var record in records) found[record] = silo;
        }
        homes.Silos = found;
    }

    private async Task<(SiloAddress Silo, int[] Records)> ListAsync(string tree, SiloAddress silo)
    {
        try
        {
            return (silo, await At(silo).ListAsync(tree));
        }
        catch (Exception failure) when (GrainCalls.IsLoss(failure))
        {
            return (silo, []);
        }
    }

    private SiloAddress? Live(SiloAddress? silo) => silo is not null && silos.GetApproximateSiloStatus(silo) == SiloStatus.Active ? silo : null;

    private TreeHomes Of(string tree) => trees.GetOrAdd(tree, _ => new TreeHomes());

    private sealed class TreeHomes
    {
        public volatile SiloAddress?[] Silos = new SiloAddress?[HashSlot.Records];

        public Task Looking { get; set; } = Task.CompletedTask;
    }
}
