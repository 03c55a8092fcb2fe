using Hal.Cache.Node.Values;

namespace Hal.Cache.Node.Streams;

/// <summary>Makes logged changes of a stream once more.</summary>
internal static class StreamReplay
{
    private const long FieldsMax = 1 << 24;

    public static bool TryApply(StreamValue stream, ReadOnlySpan<byte> change)
    {
        var reader = new ChangeReader(change);
        StreamGroup? group = null;
        StreamConsumer? consumer = null;
        while (!reader.IsEnd)
        {
            if (!reader.TryByte(out byte kind)) return false;
            bool done = (ChangeKind)kind switch
            {
                StreamChange.Append => TryAppend(stream, ref reader),
                StreamChange.Delete => reader.TryId(out StreamId id) && stream.Delete(id, null),
                StreamChange.Trim => reader.TryNumber(out long count) && stream.Trim(stream.Count - count, default, false, 0, null) == count,
                StreamChange.SetId => TrySetId(stream, ref reader),
                StreamChange.CreateGroup => TryCreateGroup(stream, ref reader),
                StreamChange.DestroyGroup => reader.TryBytes(out ReadOnlySpan<byte> name) && stream.DestroyGroup(name, null),
                StreamChange.SelectGroup => reader.TryBytes(out ReadOnlySpan<byte> name) && (group = stream.Groups.Find(name)) is not null,
                _ => group is not null && TryApply(group, ref consumer, (ChangeKind)kind, ref reader),
            };
            if (!done) return false;
        }

        return true;
    }

    private static bool TryApply(StreamGroup group, ref StreamConsumer? consumer, ChangeKind kind, ref ChangeReader reader)
    {
        switch (kind)
        {
            case StreamChange.SelectConsumer:
                if (!reader.TryBytes(out ReadOnlySpan<byte> name)) return false;
                consumer = group.Select(name, 0, null, out _);
                return true;
            case StreamChange.Position:
                if (!reader.TryId(out StreamId last) || !reader.TryNumber(out long read)) return false;
                group.SetPosition(last, read, null);
                return true;
            case StreamChange.Acknowledge:
                return reader.TryId(out StreamId gone) && group.Acknowledge(gone, null);
        }

        if (consumer is null) return false;
        switch (kind)
        {
            case StreamChange.Times:
                if (!reader.TryNumber(out long seen) || !reader.TryNumber(out long active)) return false;
                StreamGroup.SetTimes(consumer, seen, active, null);
                return true;
            case StreamChange.Deliver:
                if (!reader.TryId(out StreamId id) || !reader.TryNumber(out long time) || !reader.TryNumber(out long deliveries)) return false;
                group.Deliver(consumer, id, time, deliveries, null);
                return true;
            case StreamChange.DeleteConsumer:
                group.Delete(consumer, null);
                consumer = null;
                return true;
            default:
                return false;
        }
    }

    private static bool TryAppend(StreamValue stream, ref ChangeReader reader)
    {
        if (!reader.TryId(out StreamId id) || !reader.TryNumber(out long count) || count is < 0 or > FieldsMax || id <= stream.LastId) return false;
        byte[][] fields = new byte[count][];
        for (int i = 0; i < count; i++)
        {
            if (!reader.TryBytes(out ReadOnlySpan<byte> field)) return false;
            fields[i] = field.ToArray();
        }

        stream.Append(id, new Fields(fields), null);
        return true;
    }

    private static bool TrySetId(StreamValue stream, ref ChangeReader reader)
    {
        if (!reader.TryId(out StreamId last) || !reader.TryNumber(out long added) || !reader.TryId(out StreamId deleted)) return false;
        stream.SetId(last, added, deleted, null);
        return true;
    }

    private static bool TryCreateGroup(StreamValue stream, ref ChangeReader reader)
    {
        if (!reader.TryBytes(out ReadOnlySpan<byte> name) || !reader.TryId(out StreamId id) || !reader.TryNumber(out long read)) return false;
        return stream.CreateGroup(name, id, read, null) is not null;
    }

    private readonly struct Fields(byte[][] fields) : IStreamFields
    {
        public int Count => fields.Length;

        public ReadOnlySpan<byte> this[int index] => fields[index];
    }
}
