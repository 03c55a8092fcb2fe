using System.Buffers;

namespace Hal.Cache.Node.Values;

/// <summary>A sorted set as the store's log has it: its blob, and the changes behind that.</summary>
internal static class SortedSetBlob
{
    public static void Write(SortedSetValue set, IBufferWriter<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        if (set.IsCompact)
        {
            BlobFormat.WriteCompact(destination, set.Compact);
            return;
        }

        BlobFormat.WriteHeader(destination, BlobFormat.Table, set.Count);
        ScoredCursor items = set.Items(0, false, default);
        while (items.MoveNext())
        {
            BlobFormat.WriteNumber(destination, BitConverter.DoubleToInt64Bits(items.Score));
            BlobFormat.WriteBytes(destination, items.Member);
        }
    }

    public static SortedSetValue? Read(CollectionLimits limits, ReadOnlySpan<byte> blob)
    {
        var reader = new ChangeReader(blob);
        if (!BlobFormat.TryHeader(ref reader, out byte encoding, out long count)) return null;
        if (encoding == BlobFormat.Compact)
            return reader.TryBytes(out ReadOnlySpan<byte> bytes) && Listpack.TryRead(bytes, out Listpack listpack) ? SortedSetValue.FromCompact(limits, listpack) : null;
        var set = new SortedSetValue(limits);
        set.Expand();
        for (; count > 0; count--)
        {
            if (!reader.TryNumber(out long score) || !reader.TryBytes(out ReadOnlySpan<byte> member)) return null;
            set.AddLarge(member, BitConverter.Int64BitsToDouble(score));
        }

        return set;
    }

    public static bool TryApply(SortedSetValue set, ReadOnlySpan<byte> change)
    {
        var reader = new ChangeReader(change);
        while (!reader.IsEnd)
        {
            if (!reader.TryByte(out byte kind)) return false;
            long number = 0;
            if ((ChangeKind)kind != ChangeKind.Remove && !reader.TryNumber(out number)) return false;
            ReadOnlySpan<byte> member = default;
            if ((ChangeKind)kind != ChangeKind.RemoveRanks && !reader.TryBytes(out member)) return false;
            switch ((ChangeKind)kind)
            {
                case ChangeKind.Set:
                    set.Set(member, BitConverter.Int64BitsToDouble(number), null);
                    break;
                case ChangeKind.Remove:
                    set.Remove(member, null);
                    break;
                case ChangeKind.RemoveRanks:
                    int from = (int)(number >> 32), count = (int)number;
                    if (from < 0 || count < 0 || (long)from + count > set.Count) return false;
                    set.RemoveRanks(from, count, null);
                    break;
                default:
                    return false;
            }
        }

        return true;
    }
}
