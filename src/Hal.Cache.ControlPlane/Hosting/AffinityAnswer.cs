using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Instances;
using Hal.Cache.ControlPlane.Ownership;
using Hal.Cache.ControlPlane.Routing;
using Hal.Cache.ControlPlane.Scheduling;
using Hal.Cache.ControlPlane.Sharding;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>Answers one affinity question from the content map and a copy of the topology.</summary>
internal sealed class AffinityAnswer(PlaneState state)
{
    /// <summary>With the sums of ownership records elsewhere, or null where they are here.</summary>
    public Result<AffinityReport> Answer(PackedKeys keys, HolderSums? sums, AffinityRequest request)
    {
        var msPerMoney = RouteCostModel.MsPerMoney(request.Weights);
        if (!msPerMoney.IsOk) return msPerMoney.Error;
        if (request.Candidates.Count > ControlPlaneLimits.InstancesMax) return new CacheError(CacheErrorCode.Invalid, "there are more candidates than instances");
        var candidates = new List<AffinityInstance>();
        foreach (var name in request.Candidates.Distinct(StringComparer.Ordinal))
        {
            if (state.Registry.Find(name) is not { } instance) return InstanceRegistry.Unknown(name);
            candidates.Add(Of(instance));
        }
        var all = state.Registry.All.Values.Select(Of).ToArray();
        if (request.Candidates.Count == 0) candidates.AddRange(all.Where(i => i.State == InstanceState.Live));

        var sets = new HolderSets();
        var unknown = sums is null ? Gather(keys, sets) : Gather(sums, sets);
        var affinity = new Affinity(state.CopyTopology(), msPerMoney.Value);
        return new AffinityReport
        {
            Keys = keys.Count,
            Bytes = sets.All.Values.Sum(t => t.Bytes),
            KeysUnknown = unknown,
            Candidates = affinity.Rank(sets, candidates, all.ToDictionary(i => i.Number)),
        };
    }

    // Only holders of a key's newest version count: an older copy has to be fetched again.
    private long Gather(PackedKeys keys, HolderSets sets)
    {
        long unknown = 0;
        Span<ushort> holders = stackalloc ushort[ControlPlaneLimits.InstancesMax];
        for (var i = 0; i < keys.Count; i++)
        {
            var key = keys[i];
            var record = state.RecordOf(HashSlot.Of(key.Span));
            int count = 0;
            long version = long.MinValue, size = 0;
            lock (record.Gate)
            {
                var content = record.Content;
                for (var at = content.FirstCopy(content.Find(key.Span, key.Database)); at != 0; at = content.CopyAt(at).Next)
                {
                    ref readonly var copy = ref content.CopyAt(at);
                    if (copy.Version > version) (version, size, count) = (copy.Version, copy.SizeBytes, 0);
                    if (copy.Version == version && count < holders.Length) holders[count++] = copy.Instance;
                }
            }
            if (count == 0) unknown++;
            else sets.Add(holders[..count], size);
        }
        return unknown;
    }

    // Who is not registered any more, or gone, holds nothing that could be fetched.
    private long Gather(HolderSums sums, HolderSets sets)
    {
        long unknown = 0;
        foreach (var sum in sums.Sets)
        {
            ushort[] holders =
            [
                .. sum.Instances.Select(state.Registry.Find).OfType<CacheInstance>().Where(i => i.State(state.Now) != InstanceState.Gone).Select(i => (ushort)i.Number),
            ];
            if (holders.Length == 0) unknown += sum.Keys;
            else sets.Add(holders, sum.Keys, sum.Bytes);
        }
        return unknown;
    }

    private AffinityInstance Of(CacheInstance instance) => new((ushort)instance.Number, instance.Name, instance.State(state.Now));
}
