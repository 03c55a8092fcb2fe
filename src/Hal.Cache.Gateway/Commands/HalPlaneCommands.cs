using System.Text;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Gateway.Acl;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>What the control plane knows, for Redis clients: HAL.WHERE, HAL.ROUTE and HAL.AFFINITY. They name keys, but read none.</summary>
internal static class HalPlaneCommands
{
    private const int KeysMax = 1000;

    private static readonly string[] AffinityWords = ["KEYS", "PREFIX", "MANIFEST", "AT", "PRESET"];

    public static readonly CommandSpec[] Specs =
    [
        new("hal.where", -2, CommandFlags.Local, KeySpec.None, Where)
        {
            Group = "generic", Categories = ["keyspace"], Since = "7.2.0", Complexity = "O(N) where N is the number of keys",
            Summary = "Tells which instances hold keys of the database, as the control plane knows it.",
            Named = static (c, at) => NamedKeys.From(c, at + 1),
        },
        new("hal.route", -2, CommandFlags.Local, KeySpec.None, Route)
        {
            Group = "generic", Categories = ["keyspace"], Since = "7.2.0", Complexity = "O(N) where N is the number of instances",
            Summary = "Ranks the sources of a key for an instance, with every term of the cost.",
            Named = static (_, at) => [new NamedKeys(at + 1, NamedKind.Key)],
        },
        new("hal.affinity", -3, CommandFlags.Local, KeySpec.None, Affinity)
        {
            Group = "generic", Categories = ["keyspace"], Since = "7.2.0", Complexity = "O(N*M) where N is the number of keys and M of instances",
            Summary = "Ranks instances by how warm they are for keys, with what warming them would take.",
            Named = static (c, at) => NamedKeys.OfOptions(c, at + 1),
        },
    ];

    // HAL.WHERE key [key ...]
    private static Outcome Where(CommandContext c)
    {
        if (c.Count - 1 > KeysMax) return c.Error($"ERR at most {KeysMax} keys");
        CacheKey[] keys = [.. Enumerable.Range(1, c.Count - 1).Select(i => KeyAt(c, i))];
        return c.AskPlane((plane, limit) => plane.Content.LocateManyAsync(keys, limit), (reply, found) =>
        {
            reply.ArrayHeader(found.Count);
            foreach (KeyLocation location in found) PlaneReplies.Location(reply, location);
        });
    }

    // HAL.ROUTE key [TO instance] [PRESET fastest|cheapest|balanced]
    private static Outcome Route(CommandContext c)
    {
        if (c.Count % 2 != 0) return c.Syntax();
        string destination = c.Server.Options.Name;
        RouteWeights? weights = null;
        for (int i = 2; i < c.Count; i += 2)
        {
            if (Ascii.EqualsIgnoreCase(c.Arg(i), "to"u8))
            {
                destination = Encoding.UTF8.GetString(c.Arg(i + 1));
            }
            else if (Ascii.EqualsIgnoreCase(c.Arg(i), "preset"u8))
            {
                if (PlaneArguments.Preset(c.Arg(i + 1)) is not { } preset) return c.Error("ERR PRESET must be fastest, cheapest or balanced"u8);
                weights = new RouteWeights { Preset = preset };
            }
            else
            {
                return c.Syntax();
            }
        }

        var request = new RouteRequest { Keys = [KeyAt(c, 1)], Destination = destination, Weights = weights };
        return c.AskPlane((plane, limit) => plane.Routing.RoutesAsync(request, limit), (reply, routes) =>
        {
            IReadOnlyList<RouteCandidate> candidates = routes[0].Candidates;
            reply.ArrayHeader(candidates.Count);
            foreach (RouteCandidate candidate in candidates) PlaneReplies.Candidate(reply, candidate);
        });
    }

    // HAL.AFFINITY [AT instance ...] [PRESET name] [PREFIX prefix ...] [MANIFEST name] [KEYS key ...]
    private static Outcome Affinity(CommandContext c)
    {
        if (!PlaneArguments.TryRead(c, 1, AffinityWords, out PlaneArguments a)) return Outcome.Done;
        var request = new AffinityRequest { Selection = a.Selection, Candidates = a.Instances, Weights = a.Weights };
        return c.AskPlane((plane, limit) => plane.Scheduling.AffinityAsync(request, limit), PlaneReplies.Affinity);
    }

    private static CacheKey KeyAt(CommandContext c, int index) => new(c.Arg(index).ToArray(), c.Client.Database);
}
