using Hal.Cache.Node.Streams;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Streams;

/// <summary>Replies with IDs and entries.</summary>
internal static class StreamReplies
{
    public static void StreamId(this RespWriter reply, StreamId id)
    {
        Span<byte> text = stackalloc byte[Node.Streams.StreamId.TextBytesMax];
        reply.Bulk(text[..id.Format(text)]);
    }

    /// <summary>Writes the entry that a cursor is at: its ID, then fields and values.</summary>
    public static void Entry(this RespWriter reply, ref StreamCursor entries)
    {
        reply.ArrayHeader(2);
        reply.StreamId(entries.Id);
        reply.ArrayHeader(2 * entries.FieldCount);
        while (entries.MoveNextField(out ReadOnlySpan<byte> field, out ReadOnlySpan<byte> value))
        {
            reply.Bulk(field);
            reply.Bulk(value);
        }
    }

    /// <summary>Writes the entry of an ID; false where there is none.</summary>
    public static bool Entry(this RespWriter reply, StreamValue stream, StreamId id)
    {
        StreamCursor entries = stream.Entries(id, id, false, stackalloc byte[StreamCursor.ScratchBytes]);
        if (!entries.MoveNext()) return false;
        reply.Entry(ref entries);
        return true;
    }

    /// <summary>Writes an array of entries, at most a number of them, 0 for all.</summary>
    public static void Entries(this RespWriter reply, StreamValue stream, StreamId low, StreamId high, long most, bool backward)
    {
        int position = reply.Length, count = 0;
        StreamCursor entries = stream.Entries(low, high, backward, stackalloc byte[StreamCursor.ScratchBytes]);
        while ((most == 0 || count < most) && entries.MoveNext())
        {
            reply.Entry(ref entries);
            count++;
        }

        reply.ArrayHeaderAt(position, count);
    }
}
