using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Contracts.Peers;

/// <summary>What an instance does for the others of its tree.</summary>
public interface IPeerHost
{
    /// <summary>The instance's name, which a peer that connects must mean.</summary>
    string Name { get; }

    /// <summary>The memory in which ranges may be said to lie; null where bytes are to be sent.</summary>
    ISharedMemory? Shared { get; }

    /// <summary>A peer has opened a channel for frames of a kind, Coherence, Messages or Waits; the sink takes what it sends.</summary>
    Result<IFrameSink> Accept(PeerChannelKind kind, IFrameChannel channel);

    /// <summary>
    /// Opens a range of exactly one version, whether its bytes are here, on their way or to be fetched; NotFound where this instance
    /// neither has the version nor can relay it.
    /// </summary>
    ValueTask<Result<IRangeReader>> OpenRangeAsync(RangeRequest request, CancellationToken cancellation);
}
