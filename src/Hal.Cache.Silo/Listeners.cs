using Hal.Cache.Silo.Settings;
using Hal.Cache.Transport;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Hal.Cache.Silo;

/// <summary>The two listeners of a silo and the limits of the HTTP one.</summary>
internal sealed class Listeners
{
    public const int HttpConnectionsMax = 1024;
    public const int HttpBodyBytesMax = 1 << 20;

    private int httpConnections;

    /// <summary>Empty until Kestrel is configured; the first of each instance, in their order, with the ports that were taken once Kestrel has started.</summary>
    public List<ListenOptions> Resp { get; } = [];

    public ListenOptions? Http { get; private set; }

    public void Configure(KestrelServerOptions kestrel, SiloOptions options, IReadOnlyList<SiloInstance> instances)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = HttpBodyBytesMax;
        foreach (var instance in instances)
        {
            ListenOptions? first = null;
            foreach (var address in instance.Options.Listens)
            {
                kestrel.Listen(EpollTransport.IsSupported ? new LoopEndPoint(address) : address, listen =>
                {
                    instance.ListenResp(listen);
                    first ??= listen;
                });
            }

            Resp.Add(first!);
        }
        kestrel.Listen(options.Http, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            // Kestrel's own limit counts the connections of every listener together, RESP's with them.
            listen.Use(LimitHttp);
            Http = listen;
        });
    }

    private ConnectionDelegate LimitHttp(ConnectionDelegate next) => async connection =>
    {
        try
        {
            if (Interlocked.Increment(ref httpConnections) <= HttpConnectionsMax) await next(connection);
            else connection.Abort(new ConnectionAbortedException($"more than {HttpConnectionsMax} HTTP connections"));
        }
        finally
        {
            Interlocked.Decrement(ref httpConnections);
        }
    };
}
