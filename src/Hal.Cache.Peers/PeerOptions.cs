namespace Hal.Cache.Peers;

/// <summary>Limits and the secret of the peer protocol.</summary>
public sealed class PeerOptions
{
    /// <summary>Name of this instance, which peers see.</summary>
    public required string Name { get; init; }

    /// <summary>The cluster's secret: who knows it is a peer. It never goes over a connection.</summary>
    public required ReadOnlyMemory<byte> Secret { get; init; }

    /// <summary>
    /// Whether instances on the same machine, whose processes may map each other's memory, copy bytes from there instead of having them sent.
    /// </summary>
    public bool SharesMemory { get; init; } = true;

    /// <summary>
    /// Bytes of pages of all peers' memory that may be looked at before these are let go of. They are the peers', but count in this process's resident memory, too,
    /// for so long; to find a page again costs half as much as to copy it.
    /// </summary>
    public Func<long> MappedBytesMax { get; init; } = static () => 32 << 20;

    /// <summary>After bytes had left a peer's memory before they were copied, it sends them for so long: it may be giving up much.</summary>
    public TimeSpan MemoryPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// What lies in a peer's memory is copied when it has been passed on to who waits for it, but after this time in any case: longer than that takes, and short
    /// beside the time for which values stay in memory.
    /// </summary>
    public TimeSpan CopyPatience { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>A connection is made, handshake included, within this time or not at all.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>After a peer could not be reached, it is taken to be unreachable for so long, so that not every request waits for it.</summary>
    public TimeSpan ReconnectDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>A peer that has promised bytes sends some, or a sign of life, within this time; otherwise it counts as stalled.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Time between two signs of life of a peer that waits for bytes itself; well below <see cref="StallTimeout"/>.</summary>
    public TimeSpan SignOfLife { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// Connections for bytes, and for commands, to one peer at one time; who needs more waits. As many as there may be clients, because each
    /// may have a command at the authority that blocks until another one's.
    /// </summary>
    public int ConnectionsMax { get; init; } = 16_384;

    /// <summary>Idle connections of a kind that are kept for each peer.</summary>
    public int ConnectionsKept { get; init; } = 64;

    /// <summary>Bytes of frames that may wait for a peer before its channel is closed.</summary>
    public int QueueBytesMax { get; init; } = 64 << 20;
}
