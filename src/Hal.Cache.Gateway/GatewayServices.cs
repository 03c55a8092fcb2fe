using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Hal.Cache.Gateway;

/// <summary>Puts a keyspace on the wire.</summary>
public static class GatewayServices
{
    /// <summary>Serves RESP on a listener.</summary>
    public static void UseResp(this ListenOptions listen, RespGateway gateway)
    {
        ArgumentNullException.ThrowIfNull(listen);
        ArgumentNullException.ThrowIfNull(gateway);
        listen.Run(gateway.Handler.OnConnectedAsync);
    }
}
