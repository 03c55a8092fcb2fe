using Hal.Cache.ControlPlane.Analytics;
using Hal.Cache.ControlPlane.Sharding;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>Counts and publishes a batch that ownership records elsewhere took.</summary>
internal static class OutcomeIntake
{
    public static void Take(PlaneState state, BatchOutcome outcome)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        if (state.Registry.Find(outcome.Instance) is null) return;
        state.Events.Add(outcome.Published);
        Transfer[] known = [.. outcome.Transfers.Where(t => state.Registry.Find(t.Source) is not null)];
        var costs = state.Topology.Ask(topology => known.Select(t => topology.MoneyOf(t.Source, outcome.Instance, t.Bytes)).ToArray());
        var used = new UsageCounts
        {
            KeysAdded = outcome.KeysAdded,
            KeysRemoved = outcome.KeysRemoved,
            Evictions = outcome.Evictions,
            GrowthBytes = outcome.GrowthBytes,
            GrowthKeys = outcome.KeysAdded - outcome.KeysRemoved,
            FetchedBytes = outcome.Transfers.Sum(t => t.Bytes),
            Money = costs.Sum(),
        };
        foreach (var ms in outcome.RetrievalsMs) (used.Retrieval ??= new TimeHistogram()).Add(ms);
        state.Usage.Tell(usage =>
        {
            usage.Of(outcome.Instance).Window.Now.Add(used);
            for (var i = 0; i < known.Length; i++) usage.Transfer(known[i].Source, outcome.Instance, known[i].Bytes, known[i].Keys, costs[i]);
            foreach (var key in outcome.Missed) usage.Read(outcome.Instance, key, 1);
        });
    }
}
