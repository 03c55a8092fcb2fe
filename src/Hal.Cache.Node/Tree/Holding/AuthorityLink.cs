using Hal.Cache.Contracts.Peers;

namespace Hal.Cache.Node.Tree.Holding;

/// <summary>One connection to the authority, from the holder's side.</summary>
internal sealed class AuthorityLink(CopyHost host) : IFrameSink
{
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IFrameChannel? Channel { get; set; }

    public Task Ended => ended.Task;

    public void Received(ReadOnlySpan<byte> frame) => host.Received(this, frame);

    public void Drained() => host.Drained();

    public void Closed()
    {
        host.Drained(); // what came before a frame that can't be read
        ended.TrySetResult();
    }
}
