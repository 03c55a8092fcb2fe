namespace Hal.Cache.Node.Streams;

/// <summary>An entry that was delivered to a consumer and not yet acknowledged.</summary>
public sealed class PendingEntry
{
    internal const int MemoryBytes = 40;

    internal PendingEntry(StreamConsumer consumer)
    {
        Consumer = consumer;
    }

    public StreamConsumer Consumer { get; internal set; }

    /// <summary>The last delivery, in Unix milliseconds.</summary>
    public long DeliveredAt { get; internal set; }

    /// <summary>Number of deliveries.</summary>
    public long Deliveries { get; internal set; }
}
