using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Topology;

namespace Hal.Cache.ControlPlane.Scheduling;

/// <summary>How warm instances are for a set of keys, by the route model's costs. Not thread-safe.</summary>
/// <remarks>
/// Each set of holders is fetched from the source that is cheapest for its mean size. Sources send at the same time; a link that several
/// share carries the sum, and the slowest link decides.
/// </remarks>
internal sealed class Affinity(TopologyGraph topology, double msPerMoney)
{
    /// <summary>Warming that costs as much halves the score, in milliseconds.</summary>
    public const double HalfScoreMs = 10_000;

    /// <summary>Candidates by falling score, then rising cost, then name.</summary>
    /// <param name="holders">Every instance that is in a set, by number.</param>
    public IReadOnlyList<CandidateAffinity> Rank(HolderSets sets, IReadOnlyList<AffinityInstance> candidates, IReadOnlyDictionary<ushort, AffinityInstance> holders)
    {
        var ranked = candidates.Select(c => Judge(c, sets, holders)).ToList();
        ranked.Sort((a, b) =>
        {
            var order = b.Score.CompareTo(a.Score);
            if (order == 0) order = a.WarmSeconds.CompareTo(b.WarmSeconds);
            return order != 0 ? order : string.CompareOrdinal(a.Instance, b.Instance);
        });
        for (var i = 0; i < ranked.Count; i++) ranked[i] = ranked[i] with { Rank = i + 1 };
        return ranked;
    }

    private CandidateAffinity Judge(AffinityInstance candidate, HolderSets sets, IReadOnlyDictionary<ushort, AffinityInstance> holders)
    {
        long keysLocal = 0, bytesLocal = 0, bytesMissing = 0, bytesUnreachable = 0;
        var paths = Paths(candidate, holders);
        var bytesFrom = new Dictionary<ushort, long>();
        foreach (var (set, tally) in sets.All)
        {
            if (set.AsSpan().BinarySearch(candidate.Number) >= 0)
            {
                keysLocal += tally.Keys;
                bytesLocal += tally.Bytes;
                continue;
            }
            bytesMissing += tally.Bytes;
            var source = Cheapest(set, paths, tally.Bytes / Math.Max(1, tally.Keys));
            if (source is null) bytesUnreachable += tally.Bytes;
            else bytesFrom[source.Value] = bytesFrom.GetValueOrDefault(source.Value) + tally.Bytes;
        }

        var (warmMs, money) = Warm(bytesFrom, paths);
        var reachable = bytesLocal + bytesMissing == 0 ? 1 : 1 - ((double)bytesUnreachable / (bytesLocal + bytesMissing));
        return new CandidateAffinity
        {
            Instance = candidate.Name,
            Rank = 0,
            State = candidate.State,
            KeysLocal = keysLocal,
            BytesLocal = bytesLocal,
            BytesMissing = bytesMissing,
            BytesUnreachable = bytesUnreachable,
            WarmSeconds = warmMs / 1000,
            WarmMoney = money,
            Score = reachable * HalfScoreMs / (HalfScoreMs + warmMs + (msPerMoney * money)),
        };
    }

    private (PathFigures? Path, bool IsLive)[] Paths(AffinityInstance candidate, IReadOnlyDictionary<ushort, AffinityInstance> holders)
    {
        var paths = new (PathFigures?, bool)[holders.Count == 0 ? 0 : holders.Keys.Max() + 1];
        foreach (var (number, holder) in holders)
        {
            if (holder.State == InstanceState.Live && number != candidate.Number)
                paths[number] = (topology.Path(holder.Name, candidate.Name, 1 << 20, msPerMoney), true);
        }
        return paths;
    }

    private ushort? Cheapest(ushort[] set, (PathFigures? Path, bool IsLive)[] paths, long bytes)
    {
        ushort? best = null;
        var bestMs = double.PositiveInfinity;
        foreach (var holder in set)
        {
            if (paths[holder].Path is not { } path) continue;
            var ms = path.LatencyMs + path.TransferMs(bytes) + (msPerMoney * path.Money(bytes));
            if (ms < bestMs) (best, bestMs) = (holder, ms);
        }
        return best;
    }

    private (double WarmMs, double Money) Warm(Dictionary<ushort, long> bytesFrom, (PathFigures? Path, bool IsLive)[] paths)
    {
        var loads = new Dictionary<(string From, string To), long>();
        double latency = 0, money = 0, transfer = 0;
        foreach (var (source, bytes) in bytesFrom)
        {
            var path = paths[source].Path!;
            latency = Math.Max(latency, path.LatencyMs);
            money += path.Money(bytes);
            for (var hop = 1; hop < path.Hops.Count; hop++)
            {
                var link = (path.Hops[hop - 1], path.Hops[hop]);
                var load = loads[link] = loads.GetValueOrDefault(link) + bytes;
                transfer = Math.Max(transfer, load / topology.Find(link.Item1, link.Item2)!.BandwidthBytesPerSecond * 1000);
            }
        }
        return (latency + transfer, money);
    }
}
