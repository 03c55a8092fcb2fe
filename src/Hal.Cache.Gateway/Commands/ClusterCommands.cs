using System.Globalization;
using System.Text;
using Hal.Cache.Gateway.Cluster;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>CLUSTER and what belongs to it, as a cluster of one node that owns every slot answers.</summary>
internal static class ClusterCommands
{
    private const int StretchKeys = 1000;
    private const CommandFlags Changes = CommandFlags.Admin | CommandFlags.Stale | CommandFlags.NoAsyncLoading;

    public static readonly CommandSpec[] Specs =
    [
        new("cluster", -2, CommandFlags.None, KeySpec.None, c => c.WrongArity())
        {
            Group = "cluster", Since = "3.0.0", Summary = "Commands about the cluster.", Complexity = "Depends on subcommand.",
            Subcommands =
            [
                Row("bumpepoch", 2, Changes, c => View(c, reply => reply.Status("STILL 1")), "3.0.0", "Tells the epoch, which no other node has overtaken."),
                Row("countkeysinslot", 3, CommandFlags.Stale | CommandFlags.Long, CountKeys, "3.0.0", "Counts the keys of a slot."),
                Row("count-failure-reports", 3, CommandFlags.Admin | CommandFlags.Stale, c => OfNode(c, reply => reply.Integer(0)), "3.0.0", "Counts the reports of a node's failure."),
                Row("getkeysinslot", 4, CommandFlags.Stale | CommandFlags.Long, Keys, "3.0.0", "Names keys of a slot."),
                Row("help", 2, CommandFlags.Loading | CommandFlags.Stale, Help, "5.0.0", "Lists the subcommands."),
                Row("info", 2, CommandFlags.Stale, Info, "3.0.0", "Tells the cluster's state."),
                Row("keyslot", 3, CommandFlags.Stale, KeySlot, "3.0.0", "Tells the slot of a key."),
                Row("links", 2, CommandFlags.Stale, c => View(c, reply => reply.ArrayHeader(0)), "7.0.0", "Lists the links to other nodes: none."),
                Row("myid", 2, CommandFlags.Stale, c => View(c, reply => reply.Text(c.Server.Cluster.NodeId)), "3.0.0", "Tells the node's id."),
                Row("myshardid", 2, CommandFlags.Stale, c => View(c, reply => reply.Text(c.Server.Cluster.ShardId)), "7.2.0", "Tells the shard's id."),
                Row("nodes", 2, CommandFlags.Stale, Nodes, "3.0.0", "Describes the nodes."),
                Row("replicas", 3, CommandFlags.Admin | CommandFlags.Stale, c => OfNode(c, reply => reply.ArrayHeader(0)), "5.0.0", "Lists the replicas of a node: none."),
                Row("saveconfig", 2, Changes, c => View(c, reply => reply.Ok()), "3.0.0", "Does nothing: the view is made of the settings."),
                Row("shards", 2, CommandFlags.Loading | CommandFlags.Stale, Shards, "7.0.0", "Describes the shards."),
                Row("slaves", 3, CommandFlags.Admin | CommandFlags.Stale, c => OfNode(c, reply => reply.ArrayHeader(0)), "3.0.0", "Lists the replicas of a node: none."),
                Row("slots", 2, CommandFlags.Loading | CommandFlags.Stale, Slots, "3.0.0", "Tells which node has which slots."),
                .. Refused.Select(row => Row(row.Name, row.Arity, row.Name == "reset" ? CommandFlags.Admin | CommandFlags.Stale | CommandFlags.NoScript : Changes, Refuse, row.Since, "Refused: one node has every slot.")),
            ],
        },
        new("asking", 1, CommandFlags.Fast, KeySpec.None, c => View(c, reply => reply.Ok()))
        {
            Group = "cluster", Since = "3.0.0", Categories = ["connection"], Summary = "Lets the next command go to a slot that is being moved: none is.",
        },
        new("readonly", 1, CommandFlags.Fast | CommandFlags.Loading | CommandFlags.Stale, KeySpec.None, c => View(c, reply => reply.Ok()))
        {
            Group = "cluster", Since = "3.0.0", Categories = ["connection"], Summary = "Lets the connection read from a replica: there is none.",
        },
        new("readwrite", 1, CommandFlags.Fast | CommandFlags.Loading | CommandFlags.Stale, KeySpec.None, c => View(c, reply => reply.Ok()))
        {
            Group = "cluster", Since = "3.0.0", Categories = ["connection"], Summary = "Ends READONLY.",
        },
    ];

    private static (string Name, int Arity, string Since)[] Refused =>
    [
        ("addslots", -3, "3.0.0"), ("addslotsrange", -4, "7.0.0"), ("delslots", -3, "3.0.0"),
        ("delslotsrange", -4, "7.0.0"), ("failover", -2, "3.0.0"), ("flushslots", 2, "3.0.0"), ("forget", 3, "3.0.0"), ("meet", -4, "3.0.0"),
        ("replicate", 3, "3.0.0"), ("reset", -2, "3.0.0"), ("set-config-epoch", 3, "3.0.0"), ("setslot", -4, "3.0.0"),
    ];

    private static ReadOnlySpan<byte> Disabled => "ERR This instance has cluster support disabled"u8;

    private static CommandSpec Row(string name, int arity, CommandFlags flags, CommandHandler handler, string since, string summary) =>
        new(name, arity, flags, KeySpec.None, handler) { Group = "cluster", Since = since, Summary = summary };

    /// <summary>Answers where the instance shows itself as a cluster.</summary>
    private static Outcome View(CommandContext c, Action<RespWriter> write)
    {
        if (IsOff(c)) return c.Error(Disabled);
        c.Client.SeesCluster = true;
        write(c.Reply);
        return Outcome.Done;
    }

    // An instance asks on behalf of a client that sees a cluster there.
    private static bool IsOff(CommandContext c) => c.Server.Cluster.Mode == ClusterViewMode.Off && c.Client.Peer is not { IsProven: true };

    // Clients of standalone servers ask for the nodes to find out what they have before them: they are told so, until they ask for more.
    private static Outcome Nodes(CommandContext c)
    {
        if (c.Server.Cluster.Mode == ClusterViewMode.Ask && !c.Client.SeesCluster) return c.Error(Disabled);
        return View(c, reply =>
        {
            (string host, int port) = c.Server.Cluster.EndpointFor(c.Client);
            reply.VerbatimText(string.Create(CultureInfo.InvariantCulture,
                $"{c.Server.Cluster.NodeId} {host}:{port}@{ClusterView.BusPort(port)} myself,master - 0 0 1 connected 0-{Crc16.SlotCount - 1}\n"));
        });
    }

    private static Outcome Info(CommandContext c) => View(c, reply => reply.VerbatimText(string.Create(CultureInfo.InvariantCulture,
        $"cluster_state:ok\r\ncluster_slots_assigned:{Crc16.SlotCount}\r\ncluster_slots_ok:{Crc16.SlotCount}\r\ncluster_slots_pfail:0\r\n")
        + "cluster_slots_fail:0\r\ncluster_known_nodes:1\r\ncluster_size:1\r\ncluster_current_epoch:1\r\ncluster_my_epoch:1\r\n"
        + "cluster_stats_messages_sent:0\r\ncluster_stats_messages_received:0\r\ntotal_cluster_links_buffer_limit_exceeded:0\r\n"));

    private static Outcome Slots(CommandContext c) => View(c, reply =>
    {
        (string host, int port) = c.Server.Cluster.EndpointFor(c.Client);
        reply.ArrayHeader(1);
        reply.ArrayHeader(3);
        reply.Integer(0);
        reply.Integer(Crc16.SlotCount - 1);
        reply.ArrayHeader(4);
        reply.Text(host);
        reply.Integer(port);
        reply.Text(c.Server.Cluster.NodeId);
        reply.ArrayHeader(0);
    });

    private static Outcome Shards(CommandContext c) => View(c, reply =>
    {
        (string host, int port) = c.Server.Cluster.EndpointFor(c.Client);
        reply.ArrayHeader(1);
        reply.MapHeader(2);
        reply.Text("slots");
        reply.ArrayHeader(2);
        reply.Integer(0);
        reply.Integer(Crc16.SlotCount - 1);
        reply.Text("nodes");
        reply.ArrayHeader(1);
        reply.MapHeader(7);
        reply.Text("id");
        reply.Text(c.Server.Cluster.NodeId);
        reply.Text("port");
        reply.Integer(port);
        reply.Text("ip");
        reply.Text(host);
        reply.Text("endpoint");
        reply.Text(host);
        reply.Text("role");
        reply.Text("master");
        reply.Text("replication-offset");
        reply.Integer(0);
        reply.Text("health");
        reply.Text("online");
    });

    private static Outcome KeySlot(CommandContext c) => View(c, reply => reply.Integer(Crc16.HashSlot(c.Arg(2))));

    private static Outcome OfNode(CommandContext c, Action<RespWriter> write) =>
        c.Server.Cluster.Mode != ClusterViewMode.Off && !Ascii.EqualsIgnoreCase(c.Arg(2), c.Server.Cluster.NodeId)
            ? c.Error($"ERR Unknown node {RespErrors.Cut(c.Arg(2))}")
            : View(c, write);

    private static Outcome CountKeys(CommandContext c)
    {
        if (IsOff(c)) return c.Error(Disabled);
        if (!RedisInteger.TryParse(c.Arg(2), out long slot)) return c.NotInteger();
        if (slot is < 0 or >= Crc16.SlotCount) return c.Error("ERR Invalid slot"u8);
        return View(c, reply => reply.Integer(Collect(c, (int)slot, long.MaxValue).Count));
    }

    private static Outcome Keys(CommandContext c)
    {
        if (IsOff(c)) return c.Error(Disabled);
        if (!RedisInteger.TryParse(c.Arg(2), out long slot) || !RedisInteger.TryParse(c.Arg(3), out long count)) return c.NotInteger();
        if (slot is < 0 or >= Crc16.SlotCount || count < 0) return c.Error("ERR Invalid slot or number of keys"u8);
        return View(c, reply =>
        {
            IReadOnlyCollection<byte[]> keys = Collect(c, (int)slot, count);
            reply.ArrayHeader(keys.Count);
            foreach (byte[] key in keys) reply.Bulk(key);
        });
    }

    private static IReadOnlyCollection<byte[]> Collect(CommandContext c, int slot, long max)
    {
        var visitor = new SlotVisitor(slot, max);
        ulong cursor = 0;
        do
        {
            cursor = c.Store.Scan(cursor, 0, StretchKeys, visitor);
        }
        while (cursor != 0 && !visitor.IsFull);
        return visitor.Keys;
    }

    private static Outcome Refuse(CommandContext c) => c.Server.Cluster.Mode == ClusterViewMode.Off
        ? c.Error(Disabled)
        : c.Error($"ERR CLUSTER {c.Spec.Name.ToUpperInvariant()} is not supported: this is a cluster of one node, which always has every slot");

    private static Outcome Help(CommandContext c) => c.Server.Cluster.Mode == ClusterViewMode.Off ? c.Error(Disabled) : c.Help(
        "COUNTKEYSINSLOT <slot>",
        "    How many keys a slot has.",
        "GETKEYSINSLOT <slot> <count>",
        "    Some keys of a slot.",
        "INFO",
        "    The state of the cluster.",
        "KEYSLOT <key>",
        "    The slot of a key.",
        "MYID",
        "    The id of this node.",
        "MYSHARDID",
        "    The id of this shard.",
        "NODES",
        "    The nodes: this one.",
        "SHARDS",
        "    The shards: one.",
        "SLOTS",
        "    Which node has which slots: this one has all.");
}
