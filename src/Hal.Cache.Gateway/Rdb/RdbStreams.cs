using System.Buffers.Binary;
using Hal.Cache.Node.Streams;
using Hal.Cache.Node.Values;

namespace Hal.Cache.Gateway.Rdb;

/// <summary>Streams in Redis's RDB encodings: written as Redis 7.0 reads them, read as any Redis up to 7.2 writes them.</summary>
internal static class RdbStreams
{
    private const byte FirstType = 15, SecondType = 19, ThirdType = 21;
    private const int IdBytes = 16;

    public static bool IsKnown(byte type) => type is FirstType or SecondType or ThirdType;

    public static void Write(StreamValue stream, RdbWriter target)
    {
        target.Byte(SecondType);
        target.Length(stream.Nodes.Count);
        IdPosition at = stream.Nodes.Start;
        Span<byte> key = stackalloc byte[IdBytes];
        while (stream.Nodes.TryNext(ref at, out StreamId first, out StreamNode? node))
        {
            Format(first, key);
            target.String(key);
            target.String(node.Span);
        }

        target.Length(stream.Count);
        Write(stream.LastId, target);
        Write(stream.FirstId, target);
        Write(stream.MaxDeletedId, target);
        target.Length(stream.EntriesAdded);
        target.Length(stream.Groups.Count);
        foreach (StreamGroup group in stream.Groups.Values) Write(group, target);
    }

    /// <summary>Reads a stream; null where the bytes are malformed or do not fit together.</summary>
    public static StreamValue? Read(byte type, ReadOnlySpan<byte> body, long bytesMax, CollectionLimits limits)
    {
        var stream = new StreamValue(limits);
        if (!RdbStrings.TryReadLength(ref body, out ulong nodes)) return null;
        for (; nodes > 0; nodes--)
        {
            if (!RdbStrings.TryRead(ref body, IdBytes, out byte[] key) || key.Length != IdBytes) return null;
            if (!RdbStrings.TryRead(ref body, bytesMax, out byte[] packed) || !stream.TryAddNode(Id(key), packed)) return null;
        }

        if (!RdbStrings.TryReadLength(ref body, out ulong count) || (long)count != stream.Count || !TryId(ref body, out StreamId last)) return null;
        if (stream.Count > 0 && last < stream.LastEntryId()) return null;
        StreamId first = default, deleted = default;
        ulong added = count;
        if (type != FirstType)
        {
            if (!TryId(ref body, out first) || !TryId(ref body, out deleted) || !RdbStrings.TryReadLength(ref body, out added)) return null;
        }

        stream.SetId(last, (long)added, deleted, null);
        stream.RestoreFirst(type == FirstType ? null : first);
        if (!RdbStrings.TryReadLength(ref body, out ulong groups)) return null;
        for (; groups > 0; groups--)
        {
            if (!TryGroup(type, ref body, bytesMax, stream)) return null;
        }

        return body.IsEmpty ? stream : null;
    }

    private static void Write(StreamGroup group, RdbWriter target)
    {
        target.String(group.Name);
        Write(group.LastId, target);
        target.Length(group.EntriesRead);
        target.Length(group.Pending.Count);
        Write(group.Pending, target, withTimes: true);
        target.Length(group.Consumers.Count);
        foreach (StreamConsumer consumer in group.Consumers.Values)
        {
            target.String(consumer.Name);
            Time(consumer.SeenAt, target);
            target.Length(consumer.Pending.Count);
            Write(consumer.Pending, target, withTimes: false);
        }
    }

    private static void Write(IdMap<PendingEntry> pending, RdbWriter target, bool withTimes)
    {
        IdPosition at = pending.Start;
        while (pending.TryNext(ref at, out StreamId id, out PendingEntry? entry))
        {
            Format(id, target.GetSpan(IdBytes));
            target.Advance(IdBytes);
            if (!withTimes) continue;
            Time(entry.DeliveredAt, target);
            target.Length(entry.Deliveries);
        }
    }

    private static bool TryGroup(byte type, ref ReadOnlySpan<byte> body, long bytesMax, StreamValue stream)
    {
        if (!RdbStrings.TryRead(ref body, bytesMax, out byte[] name) || !TryId(ref body, out StreamId last)) return false;
        long read = stream.EntriesUpTo(last);
        if (type != FirstType)
        {
            if (!RdbStrings.TryReadLength(ref body, out ulong told)) return false;
            read = (long)told;
        }

        if (stream.CreateGroup(name, last, read, null) is not { } group) return false;
        var pending = new Dictionary<StreamId, (long Time, long Deliveries)>();
        if (!RdbStrings.TryReadLength(ref body, out ulong count)) return false;
        for (; count > 0; count--)
        {
            if (!TryRawId(ref body, out StreamId id) || !TryTime(ref body, out long time) || !RdbStrings.TryReadLength(ref body, out ulong deliveries)) return false;
            if (!pending.TryAdd(id, (time, (long)deliveries))) return false;
        }

        if (!RdbStrings.TryReadLength(ref body, out ulong consumers)) return false;
        for (; consumers > 0; consumers--)
        {
            if (!TryConsumer(type, ref body, bytesMax, group, pending)) return false;
        }

        return pending.Count == 0; // each has its consumer
    }

    private static bool TryConsumer(
        byte type, ref ReadOnlySpan<byte> body, long bytesMax, StreamGroup group, Dictionary<StreamId, (long Time, long Deliveries)> pending)
    {
        if (!RdbStrings.TryRead(ref body, bytesMax, out byte[] name) || !TryTime(ref body, out long seen)) return false;
        long active = seen; // older versions had one time
        if (type == ThirdType && !TryTime(ref body, out active)) return false;
        StreamConsumer consumer = group.Select(name, seen, null, out bool isNew);
        if (!isNew || !RdbStrings.TryReadLength(ref body, out ulong count)) return false;
        StreamGroup.SetTimes(consumer, seen, active, null);
        for (; count > 0; count--)
        {
            if (!TryRawId(ref body, out StreamId id) || !pending.Remove(id, out (long Time, long Deliveries) entry)) return false;
            group.Deliver(consumer, id, entry.Time, entry.Deliveries, null);
        }

        return true;
    }

    private static void Write(StreamId id, RdbWriter target)
    {
        target.Length((long)id.Ms);
        target.Length((long)id.Seq);
    }

    private static void Time(long milliseconds, RdbWriter target)
    {
        BinaryPrimitives.WriteInt64LittleEndian(target.GetSpan(sizeof(long)), milliseconds);
        target.Advance(sizeof(long));
    }

    private static void Format(StreamId id, Span<byte> target)
    {
        BinaryPrimitives.WriteUInt64BigEndian(target, id.Ms);
        BinaryPrimitives.WriteUInt64BigEndian(target[sizeof(ulong)..], id.Seq);
    }

    private static StreamId Id(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[sizeof(ulong)..]));

    private static bool TryId(ref ReadOnlySpan<byte> body, out StreamId id)
    {
        id = default;
        if (!RdbStrings.TryReadLength(ref body, out ulong ms) || !RdbStrings.TryReadLength(ref body, out ulong seq)) return false;
        id = new(ms, seq);
        return true;
    }

    private static bool TryRawId(ref ReadOnlySpan<byte> body, out StreamId id)
    {
        id = default;
        if (body.Length < IdBytes) return false;
        id = Id(body);
        body = body[IdBytes..];
        return true;
    }

    private static bool TryTime(ref ReadOnlySpan<byte> body, out long milliseconds)
    {
        if (!BinaryPrimitives.TryReadInt64LittleEndian(body, out milliseconds)) return false;
        body = body[sizeof(long)..];
        return true;
    }
}
