using System.Text;
using Hal.Cache.Gateway.Tracking;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>CLIENT subcommands about tracking.</summary>
internal static class ClientTrackingCommands
{
    public static readonly CommandSpec[] Rows =
    [
        ClientCommands.Row("tracking", -3, ClientCommands.Own, Tracking, "6.0.0", "Sets what is tracked for the connection."),
        ClientCommands.Row("trackinginfo", 2, ClientCommands.Own, TrackingInfo, "6.2.0", "Tells what is tracked for the connection."),
        ClientCommands.Row("caching", 3, ClientCommands.Own, Caching, "6.0.0", "Tells whether the next command's keys are tracked."),
        ClientCommands.Row("getredir", 2, ClientCommands.Own, GetRedir, "6.0.0", "Tells which connection gets the messages."),
    ];

    private static readonly Comparer<byte[]> Bytewise = Comparer<byte[]>.Create((left, right) => left.AsSpan().SequenceCompareTo(right));

    private static Outcome Tracking(CommandContext c)
    {
        TrackingMode mode = TrackingMode.Off;
        var prefixes = new List<byte[]>();
        for (int i = 3; i < c.Count; i++)
        {
            ReadOnlySpan<byte> option = c.Arg(i);
            bool more = i + 1 < c.Count;
            if (Ascii.EqualsIgnoreCase(option, "redirect"u8) && more)
            {
                if (mode.RedirectTo != 0) return c.Error("ERR A client can only redirect to a single other client"u8);
                if (!RedisInteger.TryParse(c.Arg(++i), out long target)) return c.NotInteger();
                if (c.Server.Clients.Find(target) is null) return c.Error("ERR The client ID you want redirect to does not exist"u8);
                mode = mode with { RedirectTo = target };
            }
            else if (Ascii.EqualsIgnoreCase(option, "prefix"u8) && more)
            {
                prefixes.Add(c.Arg(++i).ToArray());
            }
            else if (Ascii.EqualsIgnoreCase(option, "bcast"u8)) mode = mode with { Broadcast = true };
            else if (Ascii.EqualsIgnoreCase(option, "optin"u8)) mode = mode with { OptIn = true };
            else if (Ascii.EqualsIgnoreCase(option, "optout"u8)) mode = mode with { OptOut = true };
            else if (Ascii.EqualsIgnoreCase(option, "noloop"u8)) mode = mode with { NoLoop = true };
            else return c.Syntax();
        }

        if (Ascii.EqualsIgnoreCase(c.Arg(2), "off"u8))
        {
            _ = Set(c, TrackingMode.Off);
            return c.Ok();
        }

        return Ascii.EqualsIgnoreCase(c.Arg(2), "on"u8) ? TurnOn(c, mode with { IsOn = true, Prefixes = prefixes }) : c.Syntax();
    }

    private static Outcome TurnOn(CommandContext c, TrackingMode mode)
    {
        // Nobody tells a root which of another root's keys have changed.
        if (c.Server is { Places: not null, IsAuthority: true })
            return c.Error("ERR where a tree has several roots, client tracking is had at its branches and leaves"u8);
        TrackingMode before = c.Client.Tracking;
        if (!mode.Broadcast && mode.Prefixes.Count > 0) return c.Error("ERR PREFIX option requires BCAST mode to be enabled"u8);
        if (before.IsOn && before.Broadcast != mode.Broadcast)
        {
            return c.Error("ERR You can't switch BCAST mode on/off before disabling tracking for this client, "u8
                + "and then re-enabling it with a different mode."u8);
        }

        if (mode.Broadcast && (mode.OptIn || mode.OptOut)) return c.Error("ERR OPTIN and OPTOUT are not compatible with BCAST"u8);
        if (mode.OptIn && mode.OptOut) return c.Error("ERR You can't specify both OPTIN mode and OPTOUT mode"u8);
        if ((mode.OptIn && before.OptOut) || (mode.OptOut && before.OptIn))
        {
            return c.Error("ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, "u8
                + "and then re-enabling it with a different mode."u8);
        }

        if (before.Prefixes.Count + mode.Prefixes.Count > TrackingMode.PrefixesMax) return c.Error($"ERR more than {TrackingMode.PrefixesMax} prefixes");
        for (int i = 0; i < mode.Prefixes.Count; i++)
        {
            if (Overlap(c, mode.Prefixes[i], before.Prefixes, "an existing") || Overlap(c, mode.Prefixes[i], [.. mode.Prefixes.Skip(i + 1)], "another provided"))
                return Outcome.Done;
        }

        // BCAST without prefixes is about all keys.
        byte[][] prefixes = [.. before.Prefixes, .. mode.Prefixes];
        Task told = Set(c, mode with { Prefixes = mode.Broadcast && mode.Prefixes.Count == 0 && prefixes.All(prefix => prefix.Length > 0) ? [.. prefixes, []] : prefixes });
        c.Ok();

        // What is written after the reply, anywhere in the tree, is told. Where the authority is out of reach, the client hears later that all may have changed.
        return told.IsCompleted ? Outcome.Done : c.RunAsync(async context => await told.WaitAsync(GatewayLimits.TrackTimeout, context.Server.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing));
    }

    private static Task Set(CommandContext c, TrackingMode mode)
    {
        Task told = c.Server.Tracking.Set(c.Client, mode);
        c.Server.KeyEvents.Refresh();
        return told;
    }

    private static bool Overlap(CommandContext c, byte[] prefix, IReadOnlyList<byte[]> others, string which)
    {
        foreach (byte[] other in others)
        {
            if (!prefix.AsSpan().StartsWith(other) && !other.AsSpan().StartsWith(prefix)) continue;
            c.Error(Encoding.Latin1.GetBytes(
                $"ERR Prefix '{Encoding.Latin1.GetString(prefix)}' overlaps with {which} prefix '{Encoding.Latin1.GetString(other)}'. Prefixes for a single client must not overlap."));
            return true;
        }

        return false;
    }

    private static Outcome TrackingInfo(CommandContext c)
    {
        TrackingMode mode = c.Client.Tracking;
        var flags = new List<string> { mode.IsOn ? "on" : "off" };
        if (mode.Broadcast) flags.Add("bcast");
        if (mode.OptIn) flags.Add("optin");
        if (mode.OptIn && mode.Caching == true) flags.Add("caching-yes");
        if (mode.OptOut) flags.Add("optout");
        if (mode.OptOut && mode.Caching == false) flags.Add("caching-no");
        if (mode.NoLoop) flags.Add("noloop");
        if (c.Client.RedirectIsBroken) flags.Add("broken_redirect");
        c.Reply.MapHeader(3);
        c.Reply.Bulk("flags"u8);
        c.Reply.SetHeader(flags.Count);
        foreach (string flag in flags) c.Reply.Text(flag);
        c.Reply.Bulk("redirect"u8);
        c.Reply.Integer(mode.IsOn ? mode.RedirectTo : -1);
        c.Reply.Bulk("prefixes"u8);
        c.Reply.ArrayHeader(mode.Prefixes.Count);
        foreach (byte[] prefix in mode.Prefixes.Order(Bytewise)) c.Reply.Bulk(prefix);
        return Outcome.Done;
    }

    private static Outcome Caching(CommandContext c)
    {
        TrackingMode mode = c.Client.Tracking;
        if (!mode.IsOn || (!mode.OptIn && !mode.OptOut))
            return c.Error("ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled"u8);
        bool yes = Ascii.EqualsIgnoreCase(c.Arg(2), "yes"u8);
        if (!yes && !Ascii.EqualsIgnoreCase(c.Arg(2), "no"u8)) return c.Syntax();
        if (yes && !mode.OptIn) return c.Error("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode."u8);
        if (!yes && !mode.OptOut) return c.Error("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode."u8);
        c.Client.Tracking = mode with { Caching = yes };
        return c.Ok();
    }

    private static Outcome GetRedir(CommandContext c)
    {
        c.Reply.Integer(c.Client.Tracking.IsOn ? c.Client.Tracking.RedirectTo : -1);
        return Outcome.Done;
    }
}
