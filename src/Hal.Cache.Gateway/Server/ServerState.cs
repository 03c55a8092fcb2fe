using Hal.Cache.Gateway.Acl;
using Hal.Cache.Gateway.Blocking;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.Cluster;
using Hal.Cache.Gateway.Collections;
using Hal.Cache.Gateway.Peers;
using Hal.Cache.Gateway.Peers.Waits;
using Hal.Cache.Gateway.PubSub;
using Hal.Cache.Gateway.PubSub.Relay;
using Hal.Cache.Gateway.Scripts;
using Hal.Cache.Gateway.Tracking;
using Hal.Cache.Gateway.Transactions;
using Hal.Cache.Node;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Server;

/// <summary>What all connections share.</summary>
internal sealed class ServerState
{
    /// <summary>What clients that take no replies may have sent.</summary>
    public InputAheadBudget Ahead { get; } = new();

    private ConfigParameters? config;
    private SlowLog? slowLog;

    public ServerState(GatewayOptions options, Keyspace keyspace, TimeProvider time, GatewayTree? tree = null)
    {
        Tree = tree;
        Places = tree is { Authorities.Roots.AreSeveral: true } ? new(tree.Authorities) : null;
        Forwarder = tree is { Authorities.IsAuthority: false } || Places is not null ? new(tree!, time) : null;
        Transactions = Forwarder is null ? null : new(tree!, Forwarder, Places);
        AllRoots = Places is null ? null : new(tree!.Authorities, Forwarder!);
        Forwarded = tree is { Authorities.IsAuthority: true } ? new(keyspace) : null;
        (Options, Keyspace, Time, StartedAt) = (options, keyspace, time, time.GetUtcNow());
        Clients = new ClientRegistry(options.ClientsMax);
        Acl = new AclUsers(Table, Clients, options.RequirePass);
        AclFile = options.AclFile is { } file ? new AclFile(file) : null;
        Cluster = new ClusterView(options);
        Pause = new ClientPause(time, keyspace.Store);
        Memory = new MemoryBound(keyspace.Store);
        OutputLimits = new OutputLimits(time);
        OutputWatch = new OutputWatch(Clients, OutputLimits, time);
        Rates = new RecentRates(Counters, Clients, time);
        Channels = new ChannelHub();
        Notifications = new KeyspaceNotifications(Channels);
        Tracking = new TrackingTable(Clients);
        KeyEvents = new KeyEvents(keyspace.Store, Tracking, Notifications, IsAuthority);
        if (tree is not null) (Relay, Events) = Connect(tree);
        PlaneEvents = new PlaneEvents(Channels, () => options.Plane, time);
        if (tree is not null && !IsAuthority)
        {
            tree.Node.Tracker = new CopyTracking(Tracking, Forwarder!);
            Tracking.Announce = tree.Node.TrackAsync;
        }

        Latency = new LatencyMonitor(time);
        Idle = new IdleClients(Clients, time);
        Eviction = new ClientEviction(Clients, Memory, time);
        Collections = new CollectionParameters(keyspace.Collections);
        Blocked = new BlockedClients(Fence);
        Scripts = new ScriptRuntime(this) { Elsewhere = Forwarder?.Scripts };
        Fields = new FieldExpiry(keyspace, Notifications);
    }

    public GatewayOptions Options { get; }

    public Keyspace Keyspace { get; }

    public TimeProvider Time { get; }

    /// <summary>What connects this instance to the others; null where it stands alone.</summary>
    public GatewayTree? Tree { get; }

    /// <summary>Whether keys are this instance's own: it stands alone, or is a root.</summary>
    public bool IsAuthority => Tree is not { Authorities.IsAuthority: false };

    /// <summary>Which root's commands are; null where there is one root at most.</summary>
    public CommandPlaces? Places { get; }

    /// <summary>Sends commands to authorities; null where this instance is the only one.</summary>
    public CommandForwarder? Forwarder { get; }

    /// <summary>Sends transactions to authorities; null where this instance is the only one.</summary>
    public TransactionForwarder? Transactions { get; }

    /// <summary>Runs what concerns the data of every root; null where there is one root at most.</summary>
    public AllRoots? AllRoots { get; }

    /// <summary>Runs the commands that other instances forward; null where none may.</summary>
    public ForwardedRuns? Forwarded { get; }

    public CommandTable Table { get; } = new();

    public ErrorCounters Errors { get; } = new();

    public CommandCounters Counters { get; } = new();

    public ConfigParameters Config => config ??= new ConfigParameters(this);

    public SlowLog SlowLog => slowLog ??= new SlowLog(Config);

    public ClientRegistry Clients { get; }

    public AclUsers Acl { get; }

    public AclLog AclLog { get; } = new();

    /// <summary>Null where no file is named.</summary>
    public AclFile? AclFile { get; }

    public ClusterView Cluster { get; }

    public ChannelHub Channels { get; }

    public KeyspaceNotifications Notifications { get; }

    /// <summary>Exchanges messages with the other instances; null where this one stands alone.</summary>
    public MessageRelay? Relay { get; }

    /// <summary>Keyspace events on their way to other instances; null where this one stands alone.</summary>
    public EventQueue? Events { get; }

    /// <summary>The control plane's events, for clients here that are subscribed to them.</summary>
    public PlaneEvents PlaneEvents { get; }

    public TrackingTable Tracking { get; }

    public KeyEvents KeyEvents { get; }

    public LatencyMonitor Latency { get; }

    public IdleClients Idle { get; }

    public ClientEviction Eviction { get; }

    public CollectionParameters Collections { get; }

    /// <summary>Removes fields of hashes when their time has come.</summary>
    public FieldExpiry Fields { get; }

    public BlockedClients Blocked { get; }

    public ShardFence Fence { get; } = new();

    public ScriptRuntime Scripts { get; }

    public MonitorList Monitors { get; } = new();

    /// <summary>What may wait for a client that does not read.</summary>
    public OutputLimits OutputLimits { get; }

    public OutputWatch OutputWatch { get; }

    /// <summary>What INFO tells of the moment.</summary>
    public RecentRates Rates { get; }

    public ClientPause Pause { get; }

    /// <summary>min-replicas-to-write is above 0: there never are replicas, so that all writes are refused.</summary>
    public bool WritesNeedReplicas { get; set; }

    /// <summary>proto-max-bulk-len, in bytes: longest argument of a client, and longest string that a command makes.</summary>
    public long BulkBytesMax { get; set; } = RespLimits.BulkBytesMax;

    /// <summary>client-query-buffer-limit, in bytes: longest request of a client, streamed arguments not counted.</summary>
    public int RequestBytesMax { get; set; } = GatewayLimits.RequestBytesMax;

    /// <summary>maxmemory, as clients set it.</summary>
    public MemoryBound Memory { get; }

    public DateTimeOffset StartedAt { get; }

    /// <summary>40 hexadecimal digits, new at every start.</summary>
    public string RunId { get; } = NewId();

    /// <summary>40 hexadecimal digits, which DEBUG CHANGE-REPL-ID makes anew.</summary>
    public string ReplicationId { get; set; } = NewId();

    public static string NewId() => Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(20));

    /// <summary>Ends all that a connection had begun.</summary>
    public void Ended(ClientSession client)
    {
        Monitors.Remove(client);
        KeyEvents.Unwatch(client);
        client.Transaction?.Clear();
        Channels.Remove(client);
        Tracking.Leave(client);
        Counters.Ended(Clients, client);
        if (KeyEvents.IsActive) KeyEvents.Refresh();
    }

    private (MessageRelay Relay, EventQueue Events) Connect(GatewayTree tree)
    {
        var relay = new MessageRelay(Channels, Notifications, tree.Node.ParentOfMessages, tree.Node.Root, tree.Peers, Time);
        tree.Node.Messages = relay.Accept;
        if (Forwarded is not null) tree.Node.Waits = channel => new WaitRuns(this, channel);
        var events = new EventQueue(relay, Keyspace.Authority);
        Notifications.Queue = events;
        relay.EventsChanged = () =>
        {
            lock (events) Notifications.Elsewhere = relay.EventsElsewhere; // who looks last sets what is so last
            KeyEvents.Refresh();
        };
        return (relay, events);
    }

    public void ResetStatistics()
    {
        Counters.Reset(Clients);
        Errors.Reset();
        AclLog.ResetTotals();
        Eviction.Reset();
        OutputLimits.Reset();
    }
}
