using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Telemetry;
using Hal.Cache.Gateway.Acl;
using Hal.Cache.Gateway.Peers;
using Hal.Cache.Node.Tree;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>HAL.PEER: how another instance of the tree proves that it is one, and what its connection is for from then on.</summary>
internal static class PeerCommands
{
    private const CommandFlags Flags = CommandFlags.NoScript | CommandFlags.Loading | CommandFlags.Stale | CommandFlags.NoMulti
        | CommandFlags.SkipMonitor | CommandFlags.SkipSlowlog | CommandFlags.Admin
        | CommandFlags.AllowBusy; // what is called under it hears of a script that takes long, and may be what ends the script

    /// <summary>
    /// What the caller asks for, in CALL's last number: reads are to be remembered, its own changes told as such, scripts' commands told; and what it
    /// would refuse scripts itself: commands that may take memory, writes without replicas.
    /// </summary>
    public const long Tracks = 1, WantsOwn = 2, WantsLines = 4, DeniesMemory = 8, DeniesWrites = 16;

    public static readonly CommandSpec[] Specs =
    [
        new("hal.peer", -2, Flags | CommandFlags.NoAuth, KeySpec.None, c => c.WrongArity())
        {
            Group = "server", Categories = ["dangerous"], Since = "7.2.0", Summary = "Connects instances of a tree.",
            Subcommands =
            [
                Row("hello", 6, Flags | CommandFlags.NoAuth, Hello, "Begins the handshake: version, own name, name that is meant, nonce."),
                Row("auth", 4, Flags | CommandFlags.NoAuth, Auth, "Ends the handshake: proof, and what the connection is for."),
                Row("call", -8, (Flags & ~CommandFlags.NoMulti) | CommandFlags.Unqueued | CommandFlags.NoAuth, Call,
                    "Tells whose the next command is: database, protocol, caller, request, attempt, epoch; the instance, session and flight that are to hold what it writes, and how its client tracks keys; and a user with rules where it may not do everything."),
                Row("trace", 3, (Flags & ~CommandFlags.NoMulti) | CommandFlags.Unqueued | CommandFlags.NoAuth, Trace,
                    "Tells which span of the caller waits for the next command."),
                Row("reads", 4, Flags | CommandFlags.NoAuth, Reads, "Tells whether a script says that it does not write: EVALSHA or FCALL, and its name."),
                Row("unblock", 5, Flags | CommandFlags.NoAuth, Unblock, "Ends the wait of a command that was forwarded: caller, request, TIMEOUT or ERROR."),
            ],
        },
    ];

    private static CommandSpec Row(string name, int arity, CommandFlags flags, CommandHandler handler, string summary) =>
        new(name, arity, flags, KeySpec.None, handler) { Group = "server", Categories = ["dangerous"], Since = "7.2.0", Summary = summary };

    private static Outcome Hello(CommandContext c)
    {
        if (c.Server.Tree?.Acceptor is not { } acceptor) return c.Error("ERR this instance is in no tree"u8);
        if (!RedisInteger.TryParse(c.Arg(2), out long version)) return c.NotInteger();
        Result<PeerChallenge> challenge = acceptor.Challenge(
            (int)Math.Clamp(version, int.MinValue, int.MaxValue), Encoding.UTF8.GetString(c.Arg(3)), Encoding.UTF8.GetString(c.Arg(4)), c.Arg(5));
        if (!challenge.IsOk) return c.Error(challenge.Error);
        c.Client.Peer = new PeerSession(challenge.Value);
        c.Reply.ArrayHeader(2);
        c.Reply.Bulk(challenge.Value.Nonce.Span);
        c.Reply.Bulk(challenge.Value.Proof.Span);
        return Outcome.Done;
    }

    private static Outcome Auth(CommandContext c)
    {
        if (c.Server.Tree?.Acceptor is not { } acceptor || c.Client.Peer is not { IsProven: false } peer)
            return c.Error("ERR HAL.PEER HELLO comes first, once"u8);
        if (!acceptor.Proves(peer.Challenge, c.Arg(2)))
        {
            c.Client.Peer = null;
            c.Error("NOAUTH the cluster secret is another one here"u8);
            return Outcome.Close;
        }

        if (!Enum.TryParse(Encoding.ASCII.GetString(c.Arg(3)), ignoreCase: true, out PeerChannelKind kind) || !Enum.IsDefined(kind))
            return c.Error("ERR the connection's kind is not known"u8);
        peer.Prove(kind);
        (c.Client.User, c.Client.IsAuthenticated) = (AclUser.Internal, true);
        string features = acceptor.Features(peer.Challenge, kind, c.Client.Remote, c.Client.Local);
        c.Reply.SimpleString(Encoding.ASCII.GetBytes("OK " + features)); // the first version of the protocol reads that it is no error
        return kind == PeerChannelKind.Commands ? Outcome.Done : Outcome.Close; // what follows is no RESP: another loop reads it
    }

    /// <summary>Has the next command be a user's of the other instance, by the rules that it has there.</summary>
    private static bool TryBecome(CommandContext c, PeerSession peer, ReadOnlySpan<byte> userName, ReadOnlySpan<byte> rules)
    {
        string name = AclUsers.Text(userName);
        if (peer.User is not { } last || last.User.Name != name || !rules.SequenceEqual(last.Rules))
        {
            var users = new Dictionary<string, AclRules>();
            if (AclFileLine.Read($"user {name} {AclUsers.Text(rules)}", c.Server.Table, users) is not null || users.Count != 1) return false;
            last = (rules.ToArray(), new AclUser(name, users.Values.First()));
            peer.User = last;
        }

        c.Client.User = last.User;
        return true;
    }

    private static Outcome Call(CommandContext c)
    {
        if (c.Client.Peer is not { IsProven: true } peer) return c.Error("NOPERM HAL.PEER CALL is for instances of the tree"u8);
        if (c.Count is not (8 or 10 or 12 or 14)) return c.WrongArity();
        int user = c.Count is 10 or 14 ? c.Count - 2 : c.Count; // who runs the command comes last, where that is told
        Span<long> numbers = stackalloc long[10];
        numbers.Clear();
        for (int i = 0; i < user - 2; i++)
        {
            if (!RedisInteger.TryParse(c.Arg(i + 2), out numbers[i])) return c.NotInteger();
        }

        if (numbers[0] is < 0 or >= Contracts.Storage.IBlobStore.Databases || numbers[1] is not (2 or 3)) return c.Syntax();
        if (user == c.Count) c.Client.User = AclUser.Internal;
        else if (!TryBecome(c, peer, c.Arg(user), c.Arg(user + 1))) return c.Error("ERR the user's rules are not understood"u8);
        c.Client.Database = (int)numbers[0];
        c.Reply.Protocol = c.Client.Protocol = (int)numbers[1];
        peer.Next = numbers[3] == 0 ? null : new ForwardedCall(numbers[2], numbers[3], (int)Math.Min(numbers[4], int.MaxValue), numbers[5])
        {
            Instance = (ulong)numbers[6],
            Writer = numbers[8] == 0 ? default : new((ulong)numbers[6], (uint)numbers[7], (uint)numbers[8]),
            Tracks = (numbers[9] & Tracks) != 0,
            WantsOwn = (numbers[9] & WantsOwn) != 0,
            WantsLines = (numbers[9] & WantsLines) != 0,
            DeniesMemory = (numbers[9] & DeniesMemory) != 0,
            DeniesWrites = (numbers[9] & DeniesWrites) != 0,
        };
        return Outcome.Done;
    }

    private static Outcome Trace(CommandContext c)
    {
        if (c.Client.Peer is not { IsProven: true } peer) return c.Error("NOPERM HAL.PEER TRACE is for instances of the tree"u8);
        if (c.ArgLength(2) != TraceFrame.Bytes) return c.Syntax();
        peer.Trace = TraceFrame.Read(c.Arg(2));
        return Outcome.Done;
    }

    private static Outcome Reads(CommandContext c)
    {
        if (c.Client.Peer is not { IsProven: true }) return c.Error("NOPERM HAL.PEER READS is for instances of the tree"u8);
        c.Reply.Integer(c.Server.Scripts.SaysNoWrites(AclUsers.Text(c.Arg(2)), c.Arg(3)) ? 1 : 0);
        return Outcome.Done;
    }

    private static Outcome Unblock(CommandContext c)
    {
        if (c.Client.Peer is not { IsProven: true } || c.Server.Forwarded is not { } forwarded) return c.Error("NOPERM HAL.PEER UNBLOCK is for instances of the tree"u8);
        if (!RedisInteger.TryParse(c.Arg(2), out long caller) || !RedisInteger.TryParse(c.Arg(3), out long request)) return c.NotInteger();
        long client = forwarded.ClientOf(caller, request);
        c.Reply.Integer(client != 0 && c.Server.Blocked.TryUnblock(client, Ascii.EqualsIgnoreCase(c.Arg(4), "ERROR"u8)) ? 1 : 0);
        return Outcome.Done;
    }
}
