using Hal.Cache.Contracts;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.Peers;
using Hal.Cache.Gateway.Server;
using Hal.Cache.Node;

namespace Hal.Cache.Gateway;

/// <summary>The RESP gateway of one instance.</summary>
public sealed class RespGateway
{
    public RespGateway(GatewayOptions options, Keyspace keyspace, TimeProvider time, GatewayTree? tree = null)
    {
        State = new ServerState(options, keyspace, time, tree);
        Handler = new RespConnectionHandler(State);
    }

    /// <summary>Reads the file of users, where one is named; <see cref="CacheErrorCode.Invalid"/> tells what is wrong with it.</summary>
    public CacheError? LoadUsers() =>
        State.AclFile?.TryLoad(State.Acl) is { } wrong ? new CacheError(CacheErrorCode.Invalid, wrong) : null;

    /// <summary>Connections of clients, without those of other instances; and bytes sent over all connections since the start.</summary>
    public (int Clients, long BytesSent) Traffic =>
        (State.Clients.All.Count(c => c.Peer == null), State.Counters.Total(State.Clients.All, State.Table.All.Count).BytesOut);

    internal ServerState State { get; }

    internal RespConnectionHandler Handler { get; }
}
