using Hal.Cache.Gateway.Clients;

namespace Hal.Cache.Gateway.PubSub;

/// <summary>A message out of band, whose form depends on the client that gets it.</summary>
internal interface IClientMessage
{
    /// <summary>Its bytes for a client as it is now; empty where the client can take no such message.</summary>
    ReadOnlySpan<byte> For(ClientSession client);
}
