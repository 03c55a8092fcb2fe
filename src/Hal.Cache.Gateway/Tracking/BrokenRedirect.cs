using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.PubSub;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Tracking;

/// <summary>Word for a client of RESP3 that the one which was to be told of its keys is gone.</summary>
internal sealed class BrokenRedirect(long redirectTo) : IClientMessage
{
    public ReadOnlySpan<byte> For(ClientSession client)
    {
        if (client.Protocol < 3) return default;
        using var message = new RespWriter { Protocol = 3 };
        message.PushHeader(2);
        message.Bulk("tracking-redir-broken"u8);
        message.Integer(redirectTo);
        return message.WrittenSpan.ToArray();
    }
}
