using Hal.Cache.Contracts;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.Peers;
using Hal.Cache.Gateway.Server;
using Hal.Cache.Node;

namespace Hal.Cache.Gateway;

/// <summary>The RESP gateway of one instance.</summary>
public sealed class RespGateway : IAsyncDisposable
{
    private readonly GatewayMetrics metrics;

    public RespGateway(GatewayOptions options, Keyspace keyspace, TimeProvider time, GatewayTree? tree = null)
    {
        State = new ServerState(options, keyspace, time, tree);
        Handler = new RespConnectionHandler(State);
        metrics = new GatewayMetrics(State);
    }

    /// <summary>Reads the file of users, where one is named; <see cref="CacheErrorCode.Invalid"/> tells what is wrong with it.</summary>
    public CacheError? LoadUsers() =>
        State.AclFile?.TryLoad(State.Acl) is { } wrong ? new CacheError(CacheErrorCode.Invalid, wrong) : null;

    /// <summary>Loads the functions that an earlier process kept; <see cref="CacheErrorCode.Corrupt"/> tells what is wrong with their file.</summary>
    public CacheError? LoadFunctions() =>
        State.Scripts.Functions.TryLoadKept() is { } wrong ? new CacheError(CacheErrorCode.Corrupt, wrong) : null;

    /// <summary>Ends what the gateway does by itself: when this completes, it uses the keyspace for connections only.</summary>
    public ValueTask StopAsync() => State.Fields.StopAsync();

    /// <summary>Begins to look after clients, and to exchange messages with the other instances of the tree; told once the listener is bound.</summary>
    public void Start()
    {
        State.OutputWatch.Start();
        State.Rates.Start();
        State.Relay?.Start();
    }

    public async ValueTask DisposeAsync()
    {
        State.OutputWatch.Dispose();
        State.Rates.Dispose();
        if (State.Relay is { } relay)
            await relay.DisposeAsync().ConfigureAwait(false);
        State.Events?.Dispose();
        await State.PlaneEvents.DisposeAsync().ConfigureAwait(false);
        metrics.Dispose();
    }

    /// <summary>Connections of clients, without those of other instances; and bytes sent over all connections since the start.</summary>
    public (int Clients, long BytesSent) Traffic =>
        (State.Clients.All.Count(c => c.Peer == null), State.Counters.Total(State.Clients, State.Table.All.Count).BytesOut);

    internal ServerState State { get; }

    internal RespConnectionHandler Handler { get; }
}
