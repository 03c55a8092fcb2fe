using Hal.Cache.Node.Values;

namespace Hal.Cache.Node.Streams;

/// <summary>A consumer group of a stream. Its changes are logged after <see cref="Select(ChangeLog?)"/> has named it.</summary>
public sealed class StreamGroup
{
    internal const int MemoryBytes = 160;
    private readonly MemoryCount memory;

    internal StreamGroup(byte[] name, StreamId lastId, long entriesRead, MemoryCount memory)
    {
        NameBytes = name;
        LastId = lastId;
        EntriesRead = entriesRead;
        this.memory = memory;
        Pending = new IdMap<PendingEntry>(memory);
        memory.Bytes += MemoryBytes + name.Length;
    }

    public ReadOnlySpan<byte> Name => NameBytes;

    /// <summary>The last entry that was delivered as a new one.</summary>
    public StreamId LastId { get; private set; }

    /// <summary>Number of entries that were ever delivered, as far as that is known, else <see cref="StreamValue.Unknown"/>.</summary>
    public long EntriesRead { get; private set; }

    /// <summary>What no consumer has acknowledged.</summary>
    public IdMap<PendingEntry> Pending { get; }

    public NameMap<StreamConsumer> Consumers { get; } = new();

    internal byte[] NameBytes { get; }

    /// <summary>Names the group whose changes are logged from here on.</summary>
    public void Select(ChangeLog? log)
    {
        log?.Add(StreamChange.SelectGroup);
        log?.AddBytes(Name);
    }

    /// <summary>Finds or makes a consumer, and names it as the one whose changes are logged from here on.</summary>
    public StreamConsumer Select(ReadOnlySpan<byte> name, long now, ChangeLog? log, out bool isNew)
    {
        StreamConsumer? consumer = Consumers.Find(name);
        isNew = consumer is null;
        if (consumer is null)
        {
            consumer = new StreamConsumer(name.ToArray(), now, memory);
            Consumers.Add(consumer.NameBytes, consumer);
            memory.Bytes += StreamConsumer.MemoryBytes + name.Length;
        }

        log?.Add(StreamChange.SelectConsumer);
        log?.AddBytes(name);
        if (isNew) SetTimes(consumer, now, -1, log);
        return consumer;
    }

    /// <summary>Sets when a consumer came and when it got something.</summary>
    public static void SetTimes(StreamConsumer consumer, long seenAt, long activeAt, ChangeLog? log)
    {
        ArgumentNullException.ThrowIfNull(consumer);
        (consumer.SeenAt, consumer.ActiveAt) = (seenAt, activeAt);
        log?.Add(StreamChange.Times);
        log?.AddNumber(seenAt);
        log?.AddNumber(activeAt);
    }

    /// <summary>Sets up to where the group has read.</summary>
    public void SetPosition(StreamId lastId, long entriesRead, ChangeLog? log)
    {
        (LastId, EntriesRead) = (lastId, entriesRead);
        log?.Add(StreamChange.Position);
        log?.AddId(lastId);
        log?.AddNumber(entriesRead);
    }

    /// <summary>Gives an entry to a consumer, whoever had it.</summary>
    public void Deliver(StreamConsumer consumer, StreamId id, long time, long deliveries, ChangeLog? log)
    {
        ArgumentNullException.ThrowIfNull(consumer);
        if (!Pending.TryGet(id, out PendingEntry? entry))
        {
            entry = new PendingEntry(consumer);
            memory.Bytes += PendingEntry.MemoryBytes;
            Pending.TryAdd(id, entry);
            consumer.Pending.TryAdd(id, entry);
        }
        else if (!ReferenceEquals(entry.Consumer, consumer))
        {
            entry.Consumer.Pending.Remove(id);
            consumer.Pending.TryAdd(id, entry);
            entry.Consumer = consumer;
        }

        (entry.DeliveredAt, entry.Deliveries) = (time, deliveries);
        log?.Add(StreamChange.Deliver);
        log?.AddId(id);
        log?.AddNumber(time);
        log?.AddNumber(deliveries);
    }

    /// <summary>Takes an entry off the pending ones; false where it is not there.</summary>
    public bool Acknowledge(StreamId id, ChangeLog? log)
    {
        if (!Pending.TryGet(id, out PendingEntry? entry)) return false;
        Pending.Remove(id);
        entry.Consumer.Pending.Remove(id);
        memory.Bytes -= PendingEntry.MemoryBytes;
        log?.Add(StreamChange.Acknowledge);
        log?.AddId(id);
        return true;
    }

    /// <summary>Removes a consumer with all that it has pending.</summary>
    public void Delete(StreamConsumer consumer, ChangeLog? log)
    {
        ArgumentNullException.ThrowIfNull(consumer);
        IdPosition at = consumer.Pending.Start;
        while (consumer.Pending.TryNext(ref at, out StreamId id, out _)) Pending.Remove(id);
        Consumers.Remove(consumer.Name);
        Release(consumer);
        log?.Add(StreamChange.DeleteConsumer);
    }

    internal void Release()
    {
        foreach (StreamConsumer consumer in Consumers.Values) Release(consumer);
        Pending.Release();
        memory.Bytes -= MemoryBytes + NameBytes.Length;
    }

    private void Release(StreamConsumer consumer)
    {
        memory.Bytes -= StreamConsumer.MemoryBytes + consumer.NameBytes.Length + ((long)consumer.Pending.Count * PendingEntry.MemoryBytes);
        consumer.Pending.Release();
    }
}
