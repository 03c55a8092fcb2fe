using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.PubSub;
using Hal.Cache.Gateway.PubSub.Relay;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>Channels, patterns, and messages to them.</summary>
internal static class PubSubCommands
{
    private const CommandFlags Own = CommandFlags.PubSub | CommandFlags.NoScript | CommandFlags.Loading | CommandFlags.Stale | CommandFlags.WhileSubscribed;
    private const CommandFlags Sends = CommandFlags.PubSub | CommandFlags.Loading | CommandFlags.Stale | CommandFlags.Fast;

    private const CommandFlags Tells = CommandFlags.PubSub | CommandFlags.Loading | CommandFlags.Stale;

    public static readonly CommandSpec[] Specs =
    [
        Row("subscribe", -2, Own, c => Subscribe(c, SubscriptionKind.Channel), "2.0.0", "Listens for messages of channels.") with { Channels = new(1, -1) },
        Row("unsubscribe", -1, Own, c => Unsubscribe(c, SubscriptionKind.Channel), "2.0.0", "Stops listening for messages of channels."),
        Row("psubscribe", -2, Own, c => Subscribe(c, SubscriptionKind.Pattern), "2.0.0", "Listens for messages of channels that match patterns.")
            with { Channels = new(1, -1, ArePatterns: true) },
        Row("punsubscribe", -1, Own, c => Unsubscribe(c, SubscriptionKind.Pattern), "2.0.0", "Stops listening for messages of channels that match patterns."),
        Row("ssubscribe", -2, Own, c => Subscribe(c, SubscriptionKind.ShardChannel), "7.0.0", "Listens for messages of shard channels.")
            with { Keys = ShardChannels, Channels = new(1, -1) },
        Row("sunsubscribe", -1, Own, c => Unsubscribe(c, SubscriptionKind.ShardChannel), "7.0.0", "Stops listening for messages of shard channels.") with { Keys = ShardChannels },
        Row("publish", 3, Sends | CommandFlags.MayReplicate, c => Publish(c, SubscriptionKind.Channel), "2.0.0", "Sends a message to a channel.")
            with { Channels = new(1, 1), Complexity = "O(N+M) where N is the number of clients subscribed to the receiving channel and M is the total number of subscribed patterns (by any client)." },
        Row("spublish", 3, Sends | CommandFlags.MayReplicate, c => Publish(c, SubscriptionKind.ShardChannel), "7.0.0", "Sends a message to a shard channel.")
            with { Keys = new KeySpec(1, Flags: KeyFlags.NotKey), Channels = new(1, 1), Complexity = "O(N) where N is the number of clients subscribed to the receiving shard channel." },
        new("pubsub", -2, CommandFlags.None, KeySpec.None, c => c.WrongArity())
        {
            Group = "pubsub", Since = "2.8.0", Summary = "Tells about channels.", Complexity = "Depends on subcommand.",
            Subcommands =
            [
                Row("channels", -2, Tells, c => Names(c, SubscriptionKind.Channel), "2.8.0", "Lists channels that somebody listens to."),
                Row("numsub", -2, Tells, c => Counts(c, SubscriptionKind.Channel), "2.8.0", "Counts the listeners of channels."),
                Row("numpat", 2, Tells, NumberOfPatterns, "2.8.0", "Counts the patterns that somebody listens to."),
                Row("shardchannels", -2, Tells, c => Names(c, SubscriptionKind.ShardChannel), "7.0.0", "Lists shard channels that somebody listens to."),
                Row("shardnumsub", -2, Tells, c => Counts(c, SubscriptionKind.ShardChannel), "7.0.0", "Counts the listeners of shard channels."),
                Row("help", 2, CommandFlags.Loading | CommandFlags.Stale, Help, "6.2.0", "Lists the subcommands."),
            ],
        },
    ];

    private static KeySpec ShardChannels => new(1, -1, Flags: KeyFlags.NotKey);

    private static CommandSpec Row(string name, int arity, CommandFlags flags, CommandHandler handler, string since, string summary) =>
        new(name, arity, flags, KeySpec.None, handler)
        {
            Group = "pubsub", Since = since, Summary = summary, Complexity = "O(N) where N is the number of channels",
        };

    private static (byte[] Begins, byte[] Ends) Words(SubscriptionKind kind) => kind switch
    {
        SubscriptionKind.Channel => ("subscribe"u8.ToArray(), "unsubscribe"u8.ToArray()),
        SubscriptionKind.Pattern => ("psubscribe"u8.ToArray(), "punsubscribe"u8.ToArray()),
        _ => ("ssubscribe"u8.ToArray(), "sunsubscribe"u8.ToArray()),
    };

    private static Outcome Subscribe(CommandContext c, SubscriptionKind kind)
    {
        ClientSubscriptions subscriptions = c.Client.Subscriptions ??= new();
        if (subscriptions.Total + c.Count - 1 > GatewayLimits.SubscriptionsMax) return c.Error($"ERR a client has at most {GatewayLimits.SubscriptionsMax} subscriptions");
        bool ofThePlane = false;
        for (int i = 1; i < c.Count; i++)
        {
            byte[] name = c.Arg(i).ToArray();
            ofThePlane |= kind == SubscriptionKind.Channel && PlaneEvents.IsOurs(name);
            if (subscriptions.TryAdd(kind, name)) c.Server.Channels.Subscribe(c.Client, kind, name);
            Tell(c, Words(kind).Begins, name, subscriptions.CountFor(kind));
        }

        c.Client.Modes |= ClientModes.Subscribed;

        // Whoever hears of the subscription and publishes elsewhere reaches it; what changes from then on is told to it.
        Task settled = c.Server.Relay?.SettleAsync() ?? Task.CompletedTask;
        Task ready = ofThePlane ? c.Server.PlaneEvents.ReadyAsync() : Task.CompletedTask;
        return settled.IsCompleted && ready.IsCompleted ? Outcome.Done : c.RunAsync(_ => new ValueTask(Task.WhenAll(settled, ready)));
    }

    private static Outcome Unsubscribe(CommandContext c, SubscriptionKind kind)
    {
        ClientSubscriptions subscriptions = c.Client.Subscriptions ??= new();
        HashSet<byte[]> mine = subscriptions.Of(kind);
        byte[][] names = [.. mine];
        if (c.Count > 1)
        {
            names = new byte[c.Count - 1][];
            for (int i = 1; i < c.Count; i++) names[i - 1] = c.Arg(i).ToArray();
        }

        var left = new int[names.Length];
        for (int i = 0; i < names.Length; i++)
        {
            if (subscriptions.TryRemove(kind, names[i])) c.Server.Channels.Unsubscribe(c.Client, kind, names[i]);
            left[i] = subscriptions.CountFor(kind);
        }

        // A client of RESP2 that has left its last channel takes what comes next for a reply. Within EXEC's reply there is no room for messages: they go ahead of it.
        RespWriter? ahead = c.IsInTransaction ? null : c.Reply;
        if (subscriptions.Total == 0) c.Client.Change(c.Client.Protocol, c.Client.Modes & ~ClientModes.Subscribed, ahead);
        else c.Client.TakeMessages(ahead);
        for (int i = 0; i < names.Length; i++) Tell(c, Words(kind).Ends, names[i], left[i]);
        if (names.Length == 0) Tell(c, Words(kind).Ends, null, subscriptions.CountFor(kind));
        return Outcome.Done;
    }

    private static void Tell(CommandContext c, byte[] word, byte[]? name, int count)
    {
        c.Reply.PushHeader(3);
        c.Reply.Bulk(word);
        if (name is null) c.Reply.Null();
        else c.Reply.Bulk(name);
        c.Reply.Integer(count);
    }

    private static Outcome Publish(CommandContext c, SubscriptionKind kind)
    {
        if (c.Server.Relay is { LinkCount: > 0 } relay)
        {
            if (c.ArgLength(1) + c.ArgLength(2) > RelayLimits.MessageBytesMax)
                return c.Error($"ERR a message to the other instances of the tree has at most {RelayLimits.MessageBytesMax} bytes");
            c.Reply.Integer(relay.Publish(kind, c.Arg(1), c.Arg(2), c.Client.Id));
            return Outcome.Done;
        }

        ChannelHub channels = c.Server.Channels;
        c.Reply.Integer(kind == SubscriptionKind.ShardChannel ? channels.PublishShard(c.Arg(1), c.Arg(2), c.Client.Id) : channels.Publish(c.Arg(1), c.Arg(2), c.Client.Id));
        return Outcome.Done;
    }

    private static Outcome Names(CommandContext c, SubscriptionKind kind)
    {
        if (c.Count > 3) return c.Error(RespErrors.SubcommandArity("PUBSUB", c.Arg(1)));
        byte[]? pattern = c.Count == 3 ? c.Arg(2).ToArray() : null;
        List<byte[]> names = c.Server.Channels.Names(kind, pattern);
        if (c.Server.Relay is { LinkCount: > 0 } relay)
            names = [.. names.Concat(relay.NamesElsewhere(kind).Where(name => pattern is null || GlobPattern.IsMatch(pattern, name))).Distinct(ByteKeys.Comparer)];
        c.Reply.ArrayHeader(names.Count);
        foreach (byte[] name in names) c.Reply.Bulk(name);
        return Outcome.Done;
    }

    private static Outcome Counts(CommandContext c, SubscriptionKind kind)
    {
        c.Reply.ArrayHeader((c.Count - 2) * 2);
        for (int i = 2; i < c.Count; i++)
        {
            c.Reply.Bulk(c.Arg(i));
            c.Reply.Integer(c.Server.Channels.SubscriberCount(kind, c.Arg(i)) + (c.Server.Relay?.CountElsewhere(kind, c.Arg(i)) ?? 0));
        }

        return Outcome.Done;
    }

    private static Outcome NumberOfPatterns(CommandContext c)
    {
        int count = c.Server.Channels.PatternCount;
        if (c.Server.Relay is { LinkCount: > 0 } relay)
            count = c.Server.Channels.Names(SubscriptionKind.Pattern, null).Concat(relay.NamesElsewhere(SubscriptionKind.Pattern)).Distinct(ByteKeys.Comparer).Count();
        c.Reply.Integer(count);
        return Outcome.Done;
    }

    private static Outcome Help(CommandContext c) => c.Help(
        "CHANNELS [<pattern>]", "    Channels that somebody listens to.",
        "NUMPAT", "    How many patterns somebody listens to.",
        "NUMSUB [<channel> ...]", "    How many listen to each channel, patterns not counted.",
        "SHARDCHANNELS [<pattern>]", "    Shard channels that somebody listens to.",
        "SHARDNUMSUB [<shardchannel> ...]", "    How many listen to each shard channel.");
}
