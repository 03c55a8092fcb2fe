using System.Buffers;

namespace Hal.Cache.Node.Values;

/// <summary>A hash as the store's log has it: its blob, and the changes behind that.</summary>
internal static class HashBlob
{
    public static void Write(HashValue hash, IBufferWriter<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        if (hash.Times is { Count: > 0 } times) WriteTimes(destination, times);
        if (hash.Table is not { } table)
        {
            BlobFormat.WriteCompact(destination, hash.Compact);
            return;
        }

        BlobFormat.WriteHeader(destination, BlobFormat.Table, table.Count);
        foreach (TableSlot slot in table)
        {
            BlobFormat.WriteBytes(destination, HashValue.FieldOf(slot));
            BlobFormat.WriteBytes(destination, HashValue.ValueOf(slot));
        }
    }

    public static bool TryApply(HashValue hash, ReadOnlySpan<byte> change)
    {
        var reader = new ChangeReader(change);
        while (!reader.IsEnd)
        {
            if (!reader.TryByte(out byte kind) || !reader.TryBytes(out ReadOnlySpan<byte> field)) return false;
            switch ((ChangeKind)kind)
            {
                case ChangeKind.Set:
                    if (!reader.TryBytes(out ReadOnlySpan<byte> value)) return false;
                    hash.Set(field, value, null);
                    break;
                case ChangeKind.Remove:
                    hash.Remove(field, null);
                    break;
                case ChangeKind.Expire:
                    if (!reader.TryNumber(out long at) || at < 0 || !hash.Contains(field)) return false;
                    hash.SetTime(field, at, null);
                    break;
                default:
                    return false;
            }
        }

        return true;
    }

    public static HashValue? Read(CollectionLimits limits, ReadOnlySpan<byte> blob)
    {
        var reader = new ChangeReader(blob);
        if (!BlobFormat.TryHeader(ref reader, out byte encoding, out long count)) return null;
        FieldTimes? times = null;
        if (encoding == BlobFormat.Timed && (!TryReadTimes(ref reader, count, times = new FieldTimes(limits)) || !BlobFormat.TryHeader(ref reader, out encoding, out count)))
            return null;
        if (encoding == BlobFormat.Compact)
        {
            if (!reader.TryBytes(out ReadOnlySpan<byte> bytes) || !Listpack.TryRead(bytes, out Listpack listpack) || (listpack.Count & 1) != 0) return null;
            return HashValue.FromCompact(limits, listpack, times);
        }

        var hash = new HashValue(limits);
        hash.Expand();
        for (; count > 0; count--)
        {
            if (!reader.TryBytes(out ReadOnlySpan<byte> field) || !reader.TryBytes(out ReadOnlySpan<byte> value)) return null;
            hash.Set(field, value, null);
        }

        hash.Times = times;
        return hash;
    }

    private static void WriteTimes(IBufferWriter<byte> destination, FieldTimes times)
    {
        BlobFormat.WriteHeader(destination, BlobFormat.Timed, times.Count);
        ScoredCursor all = times.InOrder(stackalloc byte[Listpack.ScratchBytes]);
        while (all.MoveNext())
        {
            BlobFormat.WriteBytes(destination, all.Member);
            BlobFormat.WriteNumber(destination, (long)all.Score);
        }
    }

    private static bool TryReadTimes(ref ChangeReader reader, long count, FieldTimes times)
    {
        for (; count > 0; count--)
        {
            if (!reader.TryBytes(out ReadOnlySpan<byte> field) || !reader.TryNumber(out long at) || at <= 0) return false;
            times.Set(field, at);
        }

        return true;
    }
}
