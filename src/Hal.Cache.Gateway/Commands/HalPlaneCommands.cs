using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>What the control plane knows, for Redis clients: HAL.WHERE and HAL.ROUTE. They name keys, but read none.</summary>
internal static class HalPlaneCommands
{
    private const int KeysMax = 1000;

    public static readonly CommandSpec[] Specs =
    [
        new("hal.where", -2, CommandFlags.Local, KeySpec.None, Where)
        {
            Group = "generic", Categories = ["keyspace"], Since = "7.2.0", Complexity = "O(N) where N is the number of keys",
            Summary = "Tells which instances hold keys of the database, as the control plane knows it.",
        },
        new("hal.route", -2, CommandFlags.Local, KeySpec.None, Route)
        {
            Group = "generic", Categories = ["keyspace"], Since = "7.2.0", Complexity = "O(N) where N is the number of instances",
            Summary = "Ranks the sources of a key for an instance, with every term of the cost.",
        },
    ];

    // HAL.WHERE key [key ...]
    private static Outcome Where(CommandContext c)
    {
        if (c.Server.Options.Plane is not { } plane) return NoPlane(c);
        if (c.Count - 1 > KeysMax) return c.Error($"ERR at most {KeysMax} keys");
        CacheKey[] keys = [.. Enumerable.Range(1, c.Count - 1).Select(i => KeyAt(c, i))];
        return c.RunAsync(async context =>
        {
            Result<IReadOnlyList<KeyLocation>> found = await AskAsync(context, limit => plane.Content.LocateManyAsync(keys, limit));
            if (found.Error is { } error)
            {
                context.Error($"ERR {error.Message}");
                return;
            }

            context.Reply.ArrayHeader(found.Value.Count);
            foreach (KeyLocation location in found.Value) Write(context.Reply, location);
        });
    }

    // HAL.ROUTE key [TO instance] [PRESET fastest|cheapest|balanced]
    private static Outcome Route(CommandContext c)
    {
        if (c.Server.Options.Plane is not { } plane) return NoPlane(c);
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
                if (Preset(c.Arg(i + 1)) is not { } preset) return c.Error("ERR PRESET must be fastest, cheapest or balanced"u8);
                weights = new RouteWeights { Preset = preset };
            }
            else
            {
                return c.Syntax();
            }
        }

        var request = new RouteRequest { Keys = [KeyAt(c, 1)], Destination = destination, Weights = weights };
        return c.RunAsync(async context =>
        {
            Result<IReadOnlyList<KeyRoutes>> routes = await AskAsync(context, limit => plane.Routing.RoutesAsync(request, limit));
            if (routes.Error is { } error)
            {
                context.Error($"ERR {error.Message}");
                return;
            }

            IReadOnlyList<RouteCandidate> candidates = routes.Value[0].Candidates;
            context.Reply.ArrayHeader(candidates.Count);
            foreach (RouteCandidate candidate in candidates) Write(context.Reply, candidate);
        });
    }

    private static Outcome NoPlane(CommandContext c) => c.Error("ERR this instance belongs to no tree that has a control plane"u8);

    private static async Task<Result<T>> AskAsync<T>(CommandContext context, Func<CancellationToken, Task<Result<T>>> ask)
    {
        using var limit = new CancellationTokenSource(GatewayLimits.PlaneTimeout, context.Server.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, context.Cancellation);
        try
        {
            return await ask(either.Token);
        }
        catch (OperationCanceledException) when (!context.Cancellation.IsCancellationRequested)
        {
            return new CacheError(CacheErrorCode.Unavailable, $"the control plane did not answer within {GatewayLimits.PlaneTimeout.TotalSeconds} s");
        }
    }

    private static CacheKey KeyAt(CommandContext c, int index) => new(c.Arg(index).ToArray(), c.Client.Database);

    private static RoutePreset? Preset(ReadOnlySpan<byte> name) =>
        Ascii.EqualsIgnoreCase(name, "fastest"u8) ? RoutePreset.Fastest
        : Ascii.EqualsIgnoreCase(name, "cheapest"u8) ? RoutePreset.Cheapest
        : Ascii.EqualsIgnoreCase(name, "balanced"u8) ? RoutePreset.Balanced
        : null;

    private static void Write(RespWriter reply, KeyLocation location)
    {
        reply.MapHeader(6);
        reply.Text("key");
        reply.Bulk(location.Key.Span);
        Field(reply, "slot", location.Slot);
        Field(reply, "root", location.Root);
        Field(reply, "version", location.Version);
        Field(reply, "bytes", location.SizeBytes);
        reply.Text("holders");
        reply.ArrayHeader(location.Holders.Count);
        foreach (Holder holder in location.Holders)
        {
            reply.MapHeader(5);
            Field(reply, "instance", holder.Instance);
            Field(reply, "state", holder.State switch { InstanceState.Live => "live", InstanceState.Suspect => "suspect", _ => "gone" });
            Field(reply, "version", holder.Version);
            Field(reply, "bytes", holder.SizeBytes);
            Field(reply, "fetching", holder.Fetching ? 1 : 0);
        }
    }

    private static void Write(RespWriter reply, RouteCandidate candidate)
    {
        reply.MapHeader(10);
        Field(reply, "source", candidate.Source);
        Field(reply, "rank", candidate.Rank);
        Field(reply, "latency_ms", candidate.LatencyMs);
        Field(reply, "transfer_ms", candidate.TransferMs);
        Field(reply, "queue_ms", candidate.QueueMs);
        Field(reply, "money", candidate.Money);
        Field(reply, "total_ms", candidate.TotalMs);
        reply.Text("hops");
        reply.ArrayHeader(candidate.Hops.Count);
        foreach (string hop in candidate.Hops) reply.Text(hop);
        Field(reply, "fetching", candidate.Fetching ? 1 : 0);
        Field(reply, "left_out", candidate.LeftOut is { } reason ? System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName($"{reason}") : null);
    }

    private static void Field(RespWriter reply, string name, string? value)
    {
        reply.Text(name);
        if (value is null) reply.Null();
        else reply.Text(value);
    }

    private static void Field(RespWriter reply, string name, long? value)
    {
        reply.Text(name);
        if (value is { } number) reply.Integer(number);
        else reply.Null();
    }

    private static void Field(RespWriter reply, string name, double? value)
    {
        reply.Text(name);
        if (value is { } number) reply.Double(number);
        else reply.Null();
    }
}
