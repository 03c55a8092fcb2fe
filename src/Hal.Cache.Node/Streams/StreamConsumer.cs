namespace Hal.Cache.Node.Streams;

/// <summary>A consumer of a group, and what it has not yet acknowledged.</summary>
public sealed class StreamConsumer
{
    internal const int MemoryBytes = 88;

    internal StreamConsumer(byte[] name, long seenAt, MemoryCount memory)
    {
        NameBytes = name;
        SeenAt = seenAt;
        Pending = new IdMap<PendingEntry>(memory);
    }

    public ReadOnlySpan<byte> Name => NameBytes;

    /// <summary>The last attempt to read or claim, in Unix milliseconds; it is logged with the next change.</summary>
    public long SeenAt { get; set; }

    /// <summary>The last time that it got something, in Unix milliseconds, -1 for never.</summary>
    public long ActiveAt { get; internal set; } = -1;

    public IdMap<PendingEntry> Pending { get; }

    internal byte[] NameBytes { get; }
}
