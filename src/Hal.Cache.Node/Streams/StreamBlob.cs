using System.Buffers;
using System.Buffers.Binary;
using Hal.Cache.Node.Values;

namespace Hal.Cache.Node.Streams;

/// <summary>Streams as the store's log holds them. Part of the log's format: what is written here is read for good.</summary>
internal static class StreamBlob
{
    public static void Write(StreamValue stream, IBufferWriter<byte> target)
    {
        ArgumentNullException.ThrowIfNull(target);
        BlobFormat.WriteHeader(target, BlobFormat.Table, stream.Nodes.Count);
        IdPosition at = stream.Nodes.Start;
        while (stream.Nodes.TryNext(ref at, out StreamId first, out StreamNode? node))
        {
            WriteId(target, first);
            BlobFormat.WriteBytes(target, node.Span);
        }

        WriteId(target, stream.FirstId);
        WriteId(target, stream.LastId);
        WriteId(target, stream.MaxDeletedId);
        BlobFormat.WriteNumber(target, stream.EntriesAdded);
        BlobFormat.WriteNumber(target, stream.Groups.Count);
        foreach (StreamGroup group in stream.Groups.Values)
        {
            BlobFormat.WriteBytes(target, group.Name);
            WriteId(target, group.LastId);
            BlobFormat.WriteNumber(target, group.EntriesRead);
            BlobFormat.WriteNumber(target, group.Consumers.Count);
            foreach (StreamConsumer consumer in group.Consumers.Values) Write(consumer, target);
        }
    }

    public static StreamValue? Read(CollectionLimits limits, ReadOnlySpan<byte> blob)
    {
        var reader = new ChangeReader(blob);
        if (!BlobFormat.TryHeader(ref reader, out byte encoding, out long nodes) || encoding != BlobFormat.Table) return null;
        var stream = new StreamValue(limits);
        for (; nodes > 0; nodes--)
        {
            if (!reader.TryId(out StreamId first) || !reader.TryBytes(out ReadOnlySpan<byte> bytes)) return null;
            if (!stream.TryAddNode(first, bytes)) return null;
        }

        if (!reader.TryId(out StreamId firstId) || !reader.TryId(out StreamId last) || !reader.TryId(out StreamId deleted)) return null;
        if (!reader.TryNumber(out long added) || !reader.TryNumber(out long groups)) return null;
        stream.RestoreFirst(firstId);
        stream.SetId(last, added, deleted, null);
        for (; groups > 0; groups--)
        {
            if (!reader.TryBytes(out ReadOnlySpan<byte> name) || !reader.TryId(out StreamId id) || !reader.TryNumber(out long read)) return null;
            if (stream.CreateGroup(name, id, read, null) is not { } group || !reader.TryNumber(out long consumers)) return null;
            for (; consumers > 0; consumers--)
            {
                if (!TryConsumer(group, ref reader)) return null;
            }
        }

        return reader.IsEnd ? stream : null;
    }

    private static void Write(StreamConsumer consumer, IBufferWriter<byte> target)
    {
        BlobFormat.WriteBytes(target, consumer.Name);
        BlobFormat.WriteNumber(target, consumer.SeenAt);
        BlobFormat.WriteNumber(target, consumer.ActiveAt);
        BlobFormat.WriteNumber(target, consumer.Pending.Count);
        IdPosition at = consumer.Pending.Start;
        while (consumer.Pending.TryNext(ref at, out StreamId id, out PendingEntry? entry))
        {
            WriteId(target, id);
            BlobFormat.WriteNumber(target, entry.DeliveredAt);
            BlobFormat.WriteNumber(target, entry.Deliveries);
        }
    }

    private static bool TryConsumer(StreamGroup group, ref ChangeReader reader)
    {
        if (!reader.TryBytes(out ReadOnlySpan<byte> name) || !reader.TryNumber(out long seen) || !reader.TryNumber(out long active)) return false;
        StreamConsumer consumer = group.Select(name, seen, null, out bool isNew);
        if (!isNew || !reader.TryNumber(out long pending)) return false;
        StreamGroup.SetTimes(consumer, seen, active, null);
        for (; pending > 0; pending--)
        {
            if (!reader.TryId(out StreamId id) || !reader.TryNumber(out long time) || !reader.TryNumber(out long deliveries)) return false;
            group.Deliver(consumer, id, time, deliveries, null);
        }

        return true;
    }

    private static void WriteId(IBufferWriter<byte> target, StreamId id)
    {
        Span<byte> span = target.GetSpan(2 * sizeof(ulong));
        BinaryPrimitives.WriteUInt64LittleEndian(span, id.Ms);
        BinaryPrimitives.WriteUInt64LittleEndian(span[sizeof(ulong)..], id.Seq);
        target.Advance(2 * sizeof(ulong));
    }
}
