using System.Buffers;

namespace Hal.Cache.Node.Values;

/// <summary>A list as the store's log has it: its blob, and the changes behind that.</summary>
internal static class ListBlob
{
    public static void Write(ListValue list, IBufferWriter<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        BlobFormat.WriteHeader(destination, list.IsCompact ? BlobFormat.Compact : BlobFormat.Table, list.Nodes().Count());
        foreach (Listpack items in list.Nodes()) BlobFormat.WriteBytes(destination, items.Span);
    }

    public static ListValue? Read(CollectionLimits limits, ReadOnlySpan<byte> blob)
    {
        var reader = new ChangeReader(blob);
        if (!BlobFormat.TryHeader(ref reader, out byte encoding, out long nodes)) return null;
        var list = new ListValue(limits);
        for (; nodes > 0; nodes--)
        {
            if (!reader.TryBytes(out ReadOnlySpan<byte> bytes) || !Listpack.TryRead(bytes, out Listpack items)) return null;
            list.TryAppendNode(items);
        }

        list.IsCompact = encoding == BlobFormat.Compact;
        return list;
    }

    public static bool TryApply(ListValue list, ReadOnlySpan<byte> change)
    {
        var reader = new ChangeReader(change);
        while (!reader.IsEnd)
        {
            if (!reader.TryByte(out byte kind) || !TryApply(list, (ChangeKind)kind, ref reader)) return false;
        }

        return true;
    }

    private static bool TryApply(ListValue list, ChangeKind kind, ref ChangeReader reader)
    {
        ReadOnlySpan<byte> value = default;
        long number = 0;
        bool hasNumber = kind is not (ChangeKind.PushHead or ChangeKind.PushTail);
        bool hasValue = kind is not (ChangeKind.PopHead or ChangeKind.PopTail or ChangeKind.RemoveAt);
        if ((hasNumber && !reader.TryNumber(out number)) || (hasValue && !reader.TryBytes(out value)) || number < 0) return false;
        if (hasValue) list.ExpectGrowth(value.Length, 1);
        switch (kind)
        {
            case ChangeKind.PushHead:
                list.PushHead(value, null);
                return true;
            case ChangeKind.PushTail:
                list.PushTail(value, null);
                return true;
            case ChangeKind.PopHead when number <= list.Count:
                list.PopHead(number, null);
                return true;
            case ChangeKind.PopTail when number <= list.Count:
                list.PopTail(number, null);
                return true;
            case ChangeKind.Replace when number < list.Count:
                list.Replace(number, value, null);
                return true;
            case ChangeKind.Insert when number <= list.Count:
                list.Insert(number, value, null);
                return true;
            case ChangeKind.RemoveAt when number < list.Count:
                list.RemoveAt(number, null);
                return true;
            default:
                return false;
        }
    }
}
