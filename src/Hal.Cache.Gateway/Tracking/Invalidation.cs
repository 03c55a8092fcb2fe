using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.PubSub;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Tracking;

/// <summary>The keys that have changed, null for all; a client of RESP2 can be told of them only for another, and while it listens to something.</summary>
/// <remarks>For one thread.</remarks>
internal sealed class Invalidation(IReadOnlyList<byte[]>? changed, bool isRedirected) : IClientMessage
{
    /// <summary>Channel of the messages to RESP2 clients, which have to be subscribed to something to get them.</summary>
    private static readonly byte[] Channel = "__redis__:invalidate"u8.ToArray();

    public ReadOnlySpan<byte> For(ClientSession client)
    {
        using var message = new RespWriter { Protocol = client.Protocol };
        if (client.Protocol == 3)
        {
            message.PushHeader(2);
            message.Bulk("invalidate"u8);
        }
        else if (isRedirected && (client.Modes & ClientModes.Subscribed) != 0)
        {
            message.PushHeader(3);
            message.Bulk("message"u8);
            message.Bulk(Channel);
        }
        else
        {
            return default;
        }

        if (changed is null)
        {
            message.Null();
        }
        else
        {
            message.ArrayHeader(changed.Count);
            foreach (byte[] key in changed) message.Bulk(key);
        }

        return message.WrittenSpan.ToArray();
    }
}
