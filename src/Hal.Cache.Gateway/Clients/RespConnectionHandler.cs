using System.Collections.Concurrent;
using System.Net;
using Hal.Cache.Contracts.Connections;
using Hal.Cache.Gateway.Server;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Hal.Cache.Gateway.Clients;

/// <summary>Takes RESP connections from Kestrel.</summary>
internal sealed class RespConnectionHandler(ServerState server) : ConnectionHandler
{
    private static readonly byte[] TooMany = "-ERR max number of clients reached\r\n"u8.ToArray();

    private readonly CommandDispatcher dispatcher = new(server);
    private readonly ConcurrentDictionary<IConnectionLoop, LoopCommits> commits = new();

    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(
            connection.ConnectionClosed,
            connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? CancellationToken.None);
        var client = new ClientSession(
            server.Clients.NextId(), Address(connection.RemoteEndPoint), Address(connection.LocalEndPoint), server.Time.GetUtcNow(), connection.Abort,
            server.Table.All.Count)
        {
            Limits = server.OutputLimits,
            PeerClosed = connection.Features.Get<IPeerLifetime>()?.PeerClosed ?? CancellationToken.None,
        };
        server.Acl.Begin(client);
        if (!server.Clients.TryAdd(client))
        {
            await connection.Transport.Output.WriteAsync(TooMany).ConfigureAwait(false);
            return;
        }

        var loop = connection.Features.Get<IConnectionLoop>();
        using var resp = new RespConnection(server, dispatcher, client, connection.Transport, loop, Commits(connection), ended.Token);
        try
        {
            await resp.RunAsync().ConfigureAwait(false);
            if (client.Peer is { IsHandedOver: true } peer)
                await server.Tree!.Acceptor.RunAsync(peer.Name, peer.Kind, connection.Transport, ended.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ConnectionResetException)
        {
            // The client is gone, or we are asked to end.
        }
        finally
        {
            client.LetGoOfUpstream();
            server.Ended(client);
        }
    }

    private LoopCommits? Commits(ConnectionContext connection) =>
        connection.Features.Get<IConnectionLoop>() is { } loop && server.Keyspace.Store.AcknowledgesCommits
            ? commits.GetOrAdd(loop, static (one, store) => new LoopCommits(one, store.TellCommitted), server.Keyspace.Store)
            : null;

    private static string Address(EndPoint? endPoint) => endPoint?.ToString() ?? "";
}
