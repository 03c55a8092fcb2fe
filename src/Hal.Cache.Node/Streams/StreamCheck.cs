using Hal.Cache.Node.Values;

namespace Hal.Cache.Node.Streams;

/// <summary>Reads nodes that come from outside, and refuses those that walking over would not end well.</summary>
internal static class StreamCheck
{
    private const int ElementsMin = 4;

    /// <summary>The node of a listpack; null where its bytes are malformed, or its counts or IDs do not fit its entries.</summary>
    public static StreamNode? Read(StreamId first, ReadOnlySpan<byte> bytes)
    {
        if (!Listpack.TryRead(bytes, out Listpack items) || items.Count < ElementsMin) return null;
        int at = items.First;
        if (!TryNumber(items, ref at, out long live) || !TryNumber(items, ref at, out long deleted) || !TryNumber(items, ref at, out long fields)) return null;
        if (live < 0 || deleted < 0 || fields < 0 || !TrySkip(items, ref at, fields) || !TryNumber(items, ref at, out long end) || end != 0) return null;
        StreamId last = default;
        bool isFirst = true;
        while (at >= 0)
        {
            if (!TryEntry(items, ref at, fields, out long flags, out long ms, out long seq)) return null;
            var id = new StreamId(first.Ms + (ulong)ms, first.Seq + (ulong)seq);
            if (isFirst ? id < first : id <= last) return null;
            (last, isFirst) = (id, false);
            if ((flags & StreamNode.Deleted) != 0) deleted--;
            else live--;
        }

        return live == 0 && deleted == 0 && !isFirst ? new StreamNode(first, items) : null;
    }

    private static bool TryEntry(in Listpack items, ref int at, long masterFields, out long flags, out long ms, out long seq)
    {
        (ms, seq) = (0, 0);
        if (!TryNumber(items, ref at, out flags) || !TryNumber(items, ref at, out ms) || !TryNumber(items, ref at, out seq)) return false;
        long elements = masterFields, before = 3;
        if ((flags & StreamNode.SameFields) == 0)
        {
            if (!TryNumber(items, ref at, out long fields) || fields is < 0 or > int.MaxValue) return false;
            elements = fields * 2;
            before = 4;
        }

        return TrySkip(items, ref at, elements) && TryNumber(items, ref at, out long told) && told == before + elements;
    }

    private static bool TryNumber(in Listpack items, ref int at, out long number)
    {
        number = 0;
        if (at < 0 || !items.TryGetInteger(at, out number)) return false;
        at = items.Next(at);
        return true;
    }

    private static bool TrySkip(in Listpack items, ref int at, long count)
    {
        for (; count > 0; count--)
        {
            if (at < 0) return false;
            at = items.Next(at);
        }

        return true;
    }
}
