namespace Hal.Cache.Contracts.Peers;

/// <summary>Reaches other instances of the tree by name; safe to use from any thread.</summary>
/// <remarks>
/// Failures: <see cref="CacheErrorCode.Unavailable"/> where the peer is unknown, can't be reached, refuses the handshake or goes
/// away; <see cref="CacheErrorCode.Busy"/> at a named limit.
/// </remarks>
public interface IPeerClient : IAsyncDisposable
{
    /// <summary>Bytes that were copied from the memory of peers on this machine, so far.</summary>
    long MemoryBytes { get; }

    /// <summary>Times that bytes had left a peer's memory before they were copied, and were sent.</summary>
    long MemoryMisses { get; }

    /// <summary>Opens a channel for frames of a kind, Coherence, Messages or Waits; the sink takes what the peer sends.</summary>
    ValueTask<Result<IFrameChannel>> ConnectAsync(string peer, PeerChannelKind kind, IFrameSink sink, CancellationToken cancellation);

    /// <summary>
    /// Fills the buffer, whose length is the request's; tells how many bytes from its front are good each time more of them are. Further
    /// failures: NotFound where the peer has not that version, Corrupt where bytes fail their checksum, Unavailable also where the peer
    /// sends nothing for too long.
    /// </summary>
    ValueTask<CacheError?> ReadAsync(
        string peer, RangeRequest request, RangeBuffer buffer, Action<int> filled, CancellationToken cancellation);

    /// <summary>A connection on which the peer runs commands for this instance, the caller's alone until it is disposed.</summary>
    ValueTask<Result<ICommandLink>> RentAsync(string peer, CancellationToken cancellation);

    /// <summary>Breaks every connection for bytes, commands and waits to a peer that does not answer, so that nobody goes on waiting for it.</summary>
    void Cut(string peer);
}
