using System.Net;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Connections;
using Hal.Cache.Contracts.Instances;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway;
using Hal.Cache.Node;
using Hal.Cache.Node.Instances;
using Hal.Cache.Node.Tree;
using Hal.Cache.Node.Values;
using Hal.Cache.Origins;
using Hal.Cache.Resp;
using Hal.Cache.Silo.Settings;
using Hal.Cache.Storage;
using Hal.Cache.Storage.Eviction;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Hal.Cache.Silo;

/// <summary>
/// The cache in this process: opened before anything listens, connected to RESP, closed after every connection has drained. The one
/// place where store, keyspace and gateway are put together.
/// </summary>
internal sealed partial class SiloInstance : IAsyncDisposable
{
    private readonly SiloOptions options;
    /// <summary>In the data directory: what FUNCTION LOAD loaded.</summary>
    private const string FunctionsFileName = "hal-functions.rdb";

    private readonly ILogger logger;
    private readonly IBlobStore store;
    private readonly OriginTable origins;
    private readonly Keyspace keyspace;
    private readonly GatewayOptions gatewayOptions;
    private readonly RespGateway gateway;
    private readonly CacheInstance instance;
    private readonly SiloTree? tree;
    private readonly TreeClock? clock;
    private int closed;

    private SiloInstance(
        SiloOptions options, int clientsMax, IBlobStore store, OriginTable origins, CollectionLimits collections, TreeState? state, PeerDirectory directory,
        ISocketLoops? loops, TreeClock? clock, ILogger logger)
    {
        (this.options, this.store, this.origins, this.clock, this.logger) = (options, store, origins, clock, logger);
        var time = clock ?? BootClock.Instance;
        gatewayOptions = new GatewayOptions
        {
            Name = options.Name,
            ClientsMax = Math.Min(GatewayOptions.ClientsMaxDefault, clientsMax),
            ClientsBound = clientsMax,
            RequirePass = options.RequirePass,
            AclFile = options.AclFile,
            FunctionsFile = options.MemoryOnly ? null : Path.Combine(options.Data, FunctionsFileName),
            ScriptLog = LogScript,
            ClusterView = options.ClusterView,
            Bind = string.Join(' ', options.Listens.Select(one => one.Address)),
            Directory = options.MemoryOnly ? "" : options.Data,
            Durability = options.MemoryOnly ? "none" : options.Durability.ToString().ToLowerInvariant(),
        };
        keyspace = new Keyspace(store, origins, time, new KeyspaceOptions
        {
            Name = options.Name,
            Collections = collections,
            CollectionPullMaxBytes = options.CollectionPullMaxBytes,
        });
        tree = state is null ? null : new SiloTree(options, state, keyspace, directory, loops, clock!);
        if (clientsMax < GatewayOptions.ClientsMaxDefault) LogClients(clientsMax < OpenFiles.ClientsFew ? LogLevel.Warning : LogLevel.Information, options.Name, clientsMax);
        gateway = new RespGateway(gatewayOptions, keyspace, time, tree?.Gateway);
        instance = new CacheInstance(options.Name, options.Role ?? InstanceRole.Root, store);
    }

    /// <summary>What SHUTDOWN asks for.</summary>
    public Action? Shutdown
    {
        set => gatewayOptions.Shutdown = value;
    }

    /// <summary>What HTTP shows.</summary>
    public IInstance Instance => instance;

    public SiloOptions Options => options;

    /// <summary>What a report to the control plane is made of.</summary>
    public Keyspace Keyspace => keyspace;

    /// <summary>How other instances of its tree are reached; null for one that stands alone.</summary>
    public IPeerClient? Peers => tree?.Peers;

    /// <summary>Clients that are connected, and bytes that were sent to clients since the start.</summary>
    public (int Clients, long BytesSent) Traffic => gateway.Traffic;

    /// <summary>What HAL.WHERE, HAL.ROUTE and fetches ask.</summary>
    public Contracts.ControlPlane.IControlPlane? Plane
    {
        set
        {
            gatewayOptions.Plane = value;
            if (tree?.Routes is { } routes) routes.Plane = value;
        }
    }

    /// <summary>Whether its tree is within reach; true for one that stands alone.</summary>
    public bool IsConnected => tree?.Node.IsConnected ?? true;

    /// <summary>Opens the data directory and recovers from it; <see cref="CacheErrorCode.Invalid"/> blames a setting.</summary>
    public static async ValueTask<Result<SiloInstance>> OpenAsync(
        SiloOptions options, int clientsMax, PeerDirectory directory, ISocketLoops? loops, ILoggerFactory loggers, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        Result<SiloInstance> opened = await OpenStoreAsync(options, clientsMax, directory, loops, loggers.CreateLogger<SiloInstance>());
        if (!opened.IsOk || (opened.Value.gateway.LoadUsers() ?? opened.Value.gateway.LoadFunctions()) is not { } wrong)
            return opened;
        await opened.Value.DisposeAsync();
        return wrong;
    }

    /// <summary>The glob rule of KEYS and SCAN.</summary>
    public static bool Match(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> key) => GlobPattern.IsMatch(pattern, key);

    /// <summary>Puts the RESP protocol on a listener.</summary>
    public void ListenResp(ListenOptions listen)
    {
        LogListen(options.Name);
        listen.UseResp(gateway);
    }

    /// <summary>Told once the listeners are bound, with the port that was taken.</summary>
    public void Listening(IPEndPoint resp)
    {
        instance.RespAddress = resp.ToString();
        gatewayOptions.Port = resp.Port;
        tree?.Start();
        gateway.Start();
        LogListening(options.Name, resp);
    }

    /// <summary>Commits what is not yet durable, and closes the data directory; may be called twice.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref closed, 1) != 0)
            return;
        instance.Lifecycle = InstanceHealth.Draining;
        await gateway.DisposeAsync();
        if (tree != null)
            await tree.DisposeAsync();
        await gateway.StopAsync();
        await keyspace.DisposeAsync();
        await store.DisposeAsync();
        clock?.Dispose();
        origins.Dispose();
    }

    private static async ValueTask<Result<SiloInstance>> OpenStoreAsync(SiloOptions options, int clientsMax, PeerDirectory directory, ISocketLoops? loops, ILogger logger)
    {
        Result<OriginTable> origins = OriginTable.Create(options.Origins);
        if (!origins.IsOk)
            return origins.Error;
        var collections = new CollectionLimits();
        TreeState? state = options.Role is null ? null : new TreeState(options);
        // Alone, an instance expires keys by the machine's time of day, as Redis does.
        TreeClock? clock = state is null ? null : new TreeClock(BootClock.Instance);
        Result<IBlobStore> store = BlobStores.Open(StoreOptions(options, collections, state, logger), EvictionPolicies.Create(options.Policy), clock ?? BootClock.Instance);
        CacheError? error = store.IsOk ? DataRecord.Check(options, store.Value) ?? SlotsRecord.Check(options, store.Value) : store.Error;
        if (store.IsOk && !options.MemoryOnly)
            origins.Value.StoreIs(options.Data);
        if (error is null)
            return new SiloInstance(options, clientsMax, store.Value, origins.Value, collections, state, directory, loops, clock, logger);
        clock?.Dispose();
        origins.Value.Dispose();
        if (store.IsOk)
            await store.Value.DisposeAsync();
        return error;
    }

    private static BlobStoreOptions StoreOptions(SiloOptions options, CollectionLimits collections, TreeState? state, ILogger logger) => new()
    {
        ObjectCodec = new CollectionCodec(collections),
        HashSeed = state is null ? null : SiloTree.HashSeed(options.ClusterSecret),
        VersionFloor = state?.VersionFloor ?? 0,
        IsShared = state is not null && options.SharesMemory,
        Damaged = damage => LogDamage(
            logger, options.Name, damage.AtStart ? "at the start" : "where it was reclaimed", damage.Places, damage.FirstAddress),
        Directory = options.MemoryOnly ? null : options.Data,
        MemoryBytes = options.MemoryBytes,
        DiskBytes = options.DiskBytes,
        Durability = options.Durability switch
        {
            // What is below the root is acknowledged by nobody here: a second's copies are fetched again.
            Durability.Commit => options.Role is null or InstanceRole.Root ? StoreDurability.Commit : StoreDurability.Interval,
            Durability.Interval => StoreDurability.Interval,
            _ => StoreDurability.None,
        },
    };

    // Redis's levels: debug, verbose, notice, warning.
    private void LogScript(int level, string text) =>
        LogScript(level switch { <= 1 => LogLevel.Debug, 2 => LogLevel.Information, _ => LogLevel.Warning }, options.Name, text);

    [LoggerMessage(Message = "Script at {Name}: {Text}")]
    private partial void LogScript(LogLevel level, string name, string text);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The store's log of {Name} has damage, found {When}: {Places} places, the first at address {Address}; what lay there is skipped, and keys may have older values or none")]
    private static partial void LogDamage(ILogger logger, string name, string when, int places, long address);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Instance {Name} goes on a listener")]
    private partial void LogListen(string name);

    [LoggerMessage(Level = LogLevel.Information, Message = "Instance {Name} listens on {Resp}")]
    private partial void LogListening(string name, IPEndPoint resp);

    [LoggerMessage(Message = "Instance {Name} takes at most {Clients} clients: the limit of open files (ulimit -n) allows no more")]
    private partial void LogClients(LogLevel level, string name, int clients);
}
