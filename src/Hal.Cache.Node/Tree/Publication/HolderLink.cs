using Hal.Cache.Contracts.Peers;

namespace Hal.Cache.Node.Tree.Publication;

/// <summary>A holder's connection at the authority; which holder's it is, its greeting says.</summary>
internal sealed class HolderLink(AuthorityHost host, IFrameChannel channel) : IFrameSink
{
    public IFrameChannel Channel => channel;

    public ulong Instance { get; set; }

    /// <summary>The latest session that was begun on this connection.</summary>
    public uint Session { get; set; }

    public void Received(ReadOnlySpan<byte> frame) => host.Received(this, frame);

    public void Closed() => host.Closed(this);
}
