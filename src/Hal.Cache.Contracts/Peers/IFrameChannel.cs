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

    /// <summary>Queues a frame; false where the channel has ended, or ends now because its queue is full or the frame is too long.</summary>
    bool TrySend(ReadOnlySpan<byte> frame);

    /// <summary>The same, but it need not leave before the caller's next <see cref="Flush"/>.</summary>
    bool TryQueue(ReadOnlySpan<byte> frame) => TrySend(frame);

    /// <summary>Sends what is queued, on the caller's thread as far as the socket takes it; the caller holds no locks.</summary>
    void Flush()
    {
        // Where there is no difference, everything was sent as it came.
    }

    /// <summary>Ends the connection; what is queued may be lost.</summary>
    void Close();
}
