namespace Hal.Cache.Contracts.Peers;

/// <summary>Messages to one peer, in order, on a connection of their own; every member returns without waiting.</summary>
public interface IFrameChannel
{
    /// <summary>Longest frame, in bytes.</summary>
    const int FrameBytesMax = 32 << 20;

    /// <summary>Name of the instance at the other end, as the handshake has proved it.</summary>
    string Peer { get; }

    /// <summary>Bytes of frames that wait to be sent.</summary>
    int QueuedBytes { get; }

    /// <summary>Queues a frame; false where the channel has ended, or ends now because its queue is full.</summary>
    bool TrySend(ReadOnlySpan<byte> frame);

    /// <summary>The same for a frame that need not go out before <see cref="Push"/>, or with another one's sending.</summary>
    bool TryQueue(ReadOnlySpan<byte> frame);

    /// <summary>
    /// Sends what is queued from the caller's thread, as far as the connection takes it at once: no other thread has to be woken for it.
    /// Not for callers that hold a lock.
    /// </summary>
    void Push();

    /// <summary>Ends the connection; what is queued may be lost.</summary>
    void Close();
}
