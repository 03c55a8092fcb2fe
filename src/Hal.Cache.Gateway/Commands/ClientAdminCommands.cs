using System.Globalization;
using System.Text;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.PubSub;
using Hal.Cache.Gateway.Transactions;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>CLIENT subcommands about other connections, and about all of them.</summary>
internal static class ClientAdminCommands
{
    private const CommandFlags Admin = ClientCommands.Own | CommandFlags.Admin;

    public static readonly CommandSpec[] Rows =
    [
        ClientCommands.Row("info", 2, ClientCommands.Own, Info, "6.2.0", "Describes the connection."),
        ClientCommands.Row("list", -2, Admin, List, "2.4.0", "Describes all connections.")
            with { Complexity = "O(N) where N is the number of client connections" },
        ClientCommands.Row("kill", -3, Admin, Kill, "2.4.0", "Closes connections.") with { Complexity = "O(N) where N is the number of client connections" },
        ClientCommands.Row("pause", -3, Admin, Pause, "3.0.0", "Makes commands wait."),
        ClientCommands.Row("unpause", 2, Admin, Unpause, "6.2.0", "Ends a pause.") with { Complexity = "O(N) where N is the number of paused clients" },
        ClientCommands.Row("unblock", -3, Admin, Unblock, "5.0.0", "Ends another connection's blocking command."),
        ClientCommands.Row("help", 2, CommandFlags.Loading | CommandFlags.Stale, Help, "5.0.0", "Lists the subcommands."),
    ];

    private static Outcome Info(CommandContext c)
    {
        c.Reply.VerbatimText(Describe(c, c.Client, c.Now).ToString());
        return Outcome.Done;
    }

    private static Outcome List(CommandContext c)
    {
        string? type = null;
        HashSet<long>? ids = null;
        if (c.Count == 4 && Ascii.EqualsIgnoreCase(c.Arg(2), "type"u8))
        {
            type = ClientFilter.TypeNamed(c.Arg(3));
            if (type is null) return c.Error($"ERR Unknown client type '{RespErrors.Cut(c.Arg(3))}'");
        }
        else if (c.Count >= 4 && Ascii.EqualsIgnoreCase(c.Arg(2), "id"u8))
        {
            ids = [];
            for (int i = 3; i < c.Count; i++)
            {
                if (!RedisInteger.TryParse(c.Arg(i), out long id)) return c.Error("ERR Invalid client ID"u8);
                ids.Add(id);
            }
        }
        else if (c.Count != 2)
        {
            return c.Syntax();
        }

        var text = new StringBuilder();
        long now = c.Now;
        foreach (ClientSession client in c.Server.Clients.All)
        {
            if ((type is null || ClientFilter.TypeOf(client) == type) && ids?.Contains(client.Id) != false)
                text.Append(Describe(c, client, now));
        }

        c.Reply.VerbatimText(text.ToString());
        return Outcome.Done;
    }

    private static Outcome Kill(CommandContext c)
    {
        bool byAddress = c.Count == 3;
        var filter = new ClientFilter();
        string? address = byAddress ? Encoding.Latin1.GetString(c.Arg(2)) : null;
        if (!byAddress && !filter.TryParse(c, 2)) return Outcome.Done;
        long now = c.Now;
        int killed = 0;
        bool self = false;
        foreach (ClientSession client in c.Server.Clients.All)
        {
            if (byAddress ? client.Remote != address : !filter.Matches(client, now) || (client == c.Client && filter.SkipsSelf)) continue;
            killed++;
            if (client == c.Client)
            {
                self = true;
                continue;
            }

            c.Server.Clients.Cut(client);
        }

        if (!byAddress) c.Reply.Integer(killed);
        else if (killed == 0) return c.Error("ERR No such client"u8);
        else c.Reply.Ok();
        return self ? Outcome.Close : Outcome.Done;
    }

    private static Outcome Pause(CommandContext c)
    {
        bool writesOnly = false;
        if (c.Count > 4) return c.Syntax();
        if (c.Count == 4)
        {
            writesOnly = Ascii.EqualsIgnoreCase(c.Arg(3), "write"u8);
            if (!writesOnly && !Ascii.EqualsIgnoreCase(c.Arg(3), "all"u8)) return c.Error("ERR CLIENT PAUSE mode must be WRITE or ALL"u8);
        }

        if (!RedisInteger.TryParse(c.Arg(2), out long milliseconds)) return c.Error("ERR timeout is not an integer or out of range"u8);
        if (milliseconds < 0) return c.Error(RespErrors.TimeoutNegative);
        if (milliseconds > (long)TimeSpan.MaxValue.TotalMilliseconds / 2) return c.Error("ERR timeout is out of range"u8);
        if (milliseconds > 0) c.Server.Pause.Start(TimeSpan.FromMilliseconds(milliseconds), writesOnly);
        return c.Ok();
    }

    private static Outcome Unpause(CommandContext c)
    {
        c.Server.Pause.End();
        return c.Ok();
    }

    // A command that waits at the authority for a client of this instance is ended there.
    private static Outcome Unblock(CommandContext c)
    {
        if (c.Count > 4) return c.Syntax();
        if (c.Count == 4 && !Ascii.EqualsIgnoreCase(c.Arg(3), "timeout"u8) && !Ascii.EqualsIgnoreCase(c.Arg(3), "error"u8))
            return c.Error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"u8);
        if (!RedisInteger.TryParse(c.Arg(2), out long id)) return c.NotInteger();
        bool withError = c.Count == 4 && Ascii.EqualsIgnoreCase(c.Arg(3), "ERROR"u8);
        if (c.Server.Forwarder is { } forwarder && forwarder.IsBlocked(id)) return c.RunAsync(context => forwarder.UnblockAsync(context, id, withError));
        c.Reply.Integer(c.Server.Blocked.TryUnblock(id, withError) ? 1 : 0);
        return Outcome.Done;
    }

    internal static StringBuilder Describe(CommandContext c, ClientSession client, long now)
    {
        string flags = client.IsMonitor ? "O" : "";
        ClientMemory memory = ClientMemory.Of(client);
        ClientTransaction? transaction = client.Transaction;
        ClientSubscriptions? subscriptions = client.Subscriptions;
        int Count(SubscriptionKind kind) => subscriptions?.Of(kind).Count ?? 0;
        if ((client.Modes & ClientModes.Subscribed) != 0) flags += "P";
        if (transaction is { IsOpen: true }) flags += "x";
        if (client.IsBlocked) flags += "b";
        if (client.Tracking.IsOn) flags += "t";
        if (client.RedirectIsBroken) flags += "R";
        if (client.Tracking.Broadcast) flags += "B";
        if (transaction is { IsTouched: true }) flags += "d";
        if (client.NoEvict) flags += "e";
        if (client.NoTouch) flags += "T";
        return new StringBuilder().Append(CultureInfo.InvariantCulture,
            $"id={client.Id} addr={client.Remote} laddr={client.Local} fd=-1 name={client.Name} ")
            .Append(CultureInfo.InvariantCulture,
            $"age={Seconds(now - client.Created.ToUnixTimeMilliseconds())} idle={Seconds(now - client.ActiveAt)} flags={(flags.Length == 0 ? "N" : flags)} ")
            .Append(CultureInfo.InvariantCulture, $"db={client.Database} sub={Count(SubscriptionKind.Channel)} psub={Count(SubscriptionKind.Pattern)} ssub={Count(SubscriptionKind.ShardChannel)} ")
            .Append(CultureInfo.InvariantCulture, $"multi={(transaction is { IsOpen: true } ? transaction.Queue.Count : -1)} qbuf={(client == c.Client ? c.Parser.Consumed : memory.Query)} ")
            .Append(CultureInfo.InvariantCulture, $"qbuf-free={memory.QueryFree} argv-mem={memory.Arguments} multi-mem={memory.Queued} ")
            .Append(CultureInfo.InvariantCulture, $"rbs={memory.ReplyRoom} rbp={memory.ReplyRoom} obl={memory.Reply} oll=0 omem={memory.Output} tot-mem={memory.Total} events=r cmd={client.Counters.Spec?.FullName ?? "NULL"} user={client.User.Name} ")
            .Append(CultureInfo.InvariantCulture, $"redir={(client.Tracking.IsOn ? client.Tracking.RedirectTo : -1)} resp={client.Protocol} ")
            .Append(CultureInfo.InvariantCulture, $"lib-name={client.LibraryName} lib-ver={client.LibraryVersion}\n");
    }

    private static long Seconds(long milliseconds) => Math.Max(0, milliseconds) / 1000;

    private static Outcome Help(CommandContext c) => c.Help(
        "CACHING (YES|NO)", "    Whether the keys of the next command are tracked.",
        "GETREDIR", "    Connection that gets the tracking messages of this one.",
        "GETNAME", "    Name of this connection.",
        "ID", "    Number of this connection.",
        "INFO", "    Description of this connection.",
        "KILL <ip:port>", "    Close the connection from that address.",
        "KILL <option> <value> [<option> <value> [...]]", "    Close connections by ID, ADDR, LADDR, TYPE, USER, MAXAGE, SKIPME.",
        "LIST [options ...]", "    Descriptions of connections, all or by TYPE or ID.",
        "NO-EVICT (ON|OFF)", "    Whether this connection may be closed to save memory.",
        "NO-TOUCH (ON|OFF)", "    Whether reads of this connection leave the keys' use alone.",
        "PAUSE <timeout> [WRITE|ALL]", "    Let commands wait for so many milliseconds.",
        "REPLY (ON|OFF|SKIP)", "    Which replies this connection gets.",
        "SETINFO <option> <value>", "    Set LIB-NAME or LIB-VER of this connection.",
        "SETNAME <name>", "    Name this connection.",
        "TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]] [OPTIN] [OPTOUT] [NOLOOP]", "    Set what is tracked for this connection.",
        "TRACKINGINFO", "    What is tracked for this connection.",
        "UNBLOCK <clientid> [TIMEOUT|ERROR]", "    End the blocking command of a connection.",
        "UNPAUSE", "    End a pause.");
}
