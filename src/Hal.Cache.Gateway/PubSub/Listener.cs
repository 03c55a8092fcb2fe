using Hal.Cache.Gateway.Clients;

namespace Hal.Cache.Gateway.PubSub;

/// <summary>A client that listens to a channel, to a pattern, or to all commands, from its beginning to its end.</summary>
internal sealed class Listener(ClientSession client)
{
    private volatile bool isOver;

    public ClientSession Client { get; } = client;

    /// <summary>Nothing is sent for it any more: who found it in a list before is stopped at the client's outbox.</summary>
    public bool IsOver => isOver;

    /// <summary>Ends it; what was sent for it until now is in the client's outbox.</summary>
    public void End() => isOver = true;
}
