using System.Text;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Acl;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.Tracking;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>Who the client is, and which protocol and database it uses.</summary>
internal static class ConnectionCommands
{
    private const CommandFlags Anytime = CommandFlags.NoScript | CommandFlags.Loading | CommandFlags.Stale | CommandFlags.Fast
        | CommandFlags.AllowBusy;

    public static readonly CommandSpec[] Specs =
    [
        new("hello", -1, Anytime | CommandFlags.NoAuth, KeySpec.None, Hello)
        {
            Group = "connection", Since = "6.0.0", Categories = ["connection"], Summary = "Agrees on the protocol's version, and tells about the server.",
        },
        new("auth", -2, Anytime | CommandFlags.NoAuth, KeySpec.None, Auth)
        {
            Group = "connection", Categories = ["connection"], Complexity = "O(N) where N is the number of passwords of the user", Summary = "Authenticates the connection.",
        },
        new("ping", -1, CommandFlags.Fast | CommandFlags.WhileSubscribed, KeySpec.None, Ping)
        {
            Group = "connection", Categories = ["connection"], Summary = "Answers PONG, or the message.",
        },
        new("echo", 2, CommandFlags.Fast | CommandFlags.Loading | CommandFlags.Stale, KeySpec.None, Echo)
        {
            Group = "connection", Categories = ["connection"], Summary = "Answers the message.",
        },
        new("select", 2, CommandFlags.Fast | CommandFlags.Loading | CommandFlags.Stale, KeySpec.None, Select)
        {
            Group = "connection", Categories = ["connection"], Summary = "Changes the connection's database.",
        },
        new("quit", -1, Anytime | CommandFlags.NoAuth | CommandFlags.Unqueued | CommandFlags.WhileSubscribed, KeySpec.None, Quit)
        {
            Group = "connection", Categories = ["connection"], Summary = "Ends the connection.",
        },
        new("reset", 1, Anytime | CommandFlags.NoAuth | CommandFlags.Unqueued | CommandFlags.WhileSubscribed, KeySpec.None, Reset)
        {
            Group = "connection", Since = "6.2.0", Categories = ["connection"], Summary = "Puts the connection back to the state of a new one.",
        },
    ];

    /// <summary>Whether a client may have the name: printable ASCII without spaces.</summary>
    public static bool IsName(ReadOnlySpan<byte> name) => name.IndexOfAnyExceptInRange((byte)'!', (byte)'~') < 0;

    private static Outcome Hello(CommandContext c)
    {
        int protocol = 0;
        int next = 1;
        if (c.Count > 1)
        {
            if (!RedisInteger.TryParse(c.Arg(1), out long version)) return c.Error("ERR Protocol version is not an integer or out of range"u8);
            if (version is < 2 or > 3) return c.Error(RespErrors.NoProtocol);
            protocol = (int)version;
            next = 2;
        }

        string? name = null;
        int auth = 0;
        for (; next < c.Count; next++)
        {
            ReadOnlySpan<byte> option = c.Arg(next);
            int more = c.Count - next - 1;
            if (Ascii.EqualsIgnoreCase(option, "auth"u8) && more >= 2)
            {
                auth = next + 1;
                next += 2;
            }
            else if (Ascii.EqualsIgnoreCase(option, "setname"u8) && more >= 1)
            {
                if (!IsName(c.Arg(++next))) return c.Error(ClientCommands.BadName);
                name = Encoding.Latin1.GetString(c.Arg(next));
            }
            else
            {
                return c.Error($"ERR Syntax error in HELLO option '{RespErrors.Cut(option)}'");
            }
        }

        if (auth > 0 && !TryLogIn(c, c.Arg(auth), c.Arg(auth + 1))) return c.Error(RespErrors.WrongPassword);
        if (!c.Client.IsAuthenticated && c.Server.Acl.NeedsPassword)
        {
            return c.Error("NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> "u8
                + "option can be used to authenticate the client and select the RESP protocol version at the same time"u8);
        }

        if (name is not null) c.Client.Name = name;
        if (protocol > 0)
        {
            c.Client.Change(protocol, c.Client.Modes, c.IsInTransaction || c.Client.Replies.IsSilent() ? null : c.Reply); // a reply that is dropped would take them along
            c.Reply.Protocol = protocol;
        }

        ReplyHello(c);
        return Outcome.Done;
    }

    private static void ReplyHello(CommandContext c)
    {
        c.Reply.MapHeader(7);
        c.Reply.Bulk("server"u8);
        c.Reply.Bulk("redis"u8);
        c.Reply.Bulk("version"u8);
        c.Reply.Text(c.Server.Options.RedisVersion);
        c.Reply.Bulk("proto"u8);
        c.Reply.Integer(c.Reply.Protocol);
        c.Reply.Bulk("id"u8);
        c.Reply.Integer(c.Client.Id);
        c.Reply.Bulk("mode"u8);
        c.Reply.Text(c.Server.Cluster.Mode == ClusterViewMode.On ? "cluster" : "standalone");
        c.Reply.Bulk("role"u8);
        c.Reply.Bulk("master"u8);
        c.Reply.Bulk("modules"u8);
        c.Reply.ArrayHeader(0);
    }

    private static Outcome Auth(CommandContext c)
    {
        if (c.Count > 3) return c.Syntax();
        if (c.Count == 2 && c.Server.Acl.Default.Rules.IsWithoutPassword) return c.Error(RespErrors.NoPassword);
        ReadOnlySpan<byte> user = c.Count == 2 ? "default"u8 : c.Arg(1);
        return TryLogIn(c, user, c.Arg(c.Count - 1)) ? c.Ok() : c.Error(RespErrors.WrongPassword);
    }

    private static bool TryLogIn(CommandContext c, ReadOnlySpan<byte> name, ReadOnlySpan<byte> password)
    {
        string text = AclUsers.Text(name);
        if (c.Server.Acl.Authenticate(text, password) is not { } user)
        {
            c.Server.AclLog.Add(c, AclDenial.Authentication, (c.Client.Modes & ClientModes.Multi) != 0 ? "multi" : "toplevel", c.Arg(0), text);
            return false;
        }

        c.Client.User = user;
        c.Client.IsAuthenticated = true;
        return true;
    }

    private static Outcome Ping(CommandContext c)
    {
        if (c.Count > 2) return c.WrongArity();
        if ((c.Client.Modes & ClientModes.Subscribed) != 0 && c.Reply.Protocol == 2)
        {
            // A client that listens for messages knows nothing but arrays.
            c.Reply.ArrayHeader(2);
            c.Reply.Bulk("pong"u8);
            c.Reply.Bulk(c.Count == 2 ? c.Arg(1) : default);
        }
        else if (c.Count == 1) c.Reply.SimpleString("PONG"u8);
        else c.Reply.Bulk(c.Arg(1));
        return Outcome.Done;
    }

    private static Outcome Echo(CommandContext c)
    {
        c.Reply.Bulk(c.Arg(1));
        return Outcome.Done;
    }

    private static Outcome Select(CommandContext c)
    {
        if (!RedisInteger.TryParse(c.Arg(1), out long database)) return c.NotInteger();
        if (database is < int.MinValue or > int.MaxValue)
            return c.Error("ERR value is out of range, value must between -2147483648 and 2147483647"u8);
        if (database is < 0 or >= IBlobStore.Databases) return c.Error(RespErrors.DatabaseOutOfRange);
        c.Client.Database = (int)database;
        return c.Ok();
    }

    private static Outcome Quit(CommandContext c)
    {
        c.Reply.Ok();
        return Outcome.Close;
    }

    private static Outcome Reset(CommandContext c)
    {
        ClientSession client = c.Client;
        c.Server.Monitors.Remove(client);
        TransactionCommands.End(c);
        c.Server.Channels.Remove(client);
        _ = c.Server.Tracking.Set(client, TrackingMode.Off);
        c.Server.KeyEvents.Refresh();
        client.Change(protocol: 2, client.Modes & ~ClientModes.Subscribed, c.Reply); // no message follows the reply: from here on it takes none
        client.TakeMessages(c.Reply);
        client.Database = 0;
        client.SeesCluster = false;
        client.Name = "";
        client.NoEvict = client.NoTouch = false;
        client.Replies = ReplyMode.On;
        c.Server.Acl.Begin(client);
        c.Reply.Protocol = 2;
        c.Reply.SimpleString("RESET"u8);
        return Outcome.Done;
    }
}
