using System.Buffers;

namespace Hal.Cache.Storage.Log;

/// <summary>Walks the records in the log's files, page by page, past whatever is damaged.</summary>
internal sealed class LogScanner(ISegmentFiles files, int pageBytes, uint seed)
{
    private const long ResyncPagesMax = 8;

    /// <summary>
    /// Visits the records that begin in [from, to), reading no byte at or after <paramref name="end"/>, which is a record's end; returns
    /// the address to go on with, at or after <paramref name="to"/> unless the visitor ended it.
    /// </summary>
    public long Scan(long from, long to, long end, IRecordVisitor visitor)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(pageBytes);
        try
        {
            var at = Math.Max(from, RecordFormat.FirstAddress);
            while (at < to)
            {
                var page = ReadPage(at, Math.Min(PageEnd(at), end), buffer);
                if (ScanPage(at, page, (int)Math.Min(page.Length, to - at), visitor, out at))
                    break;
            }

            return at;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The end of the last intact record at or after <paramref name="from"/>, and how many bytes after it are not zero.</summary>
    public (long Tail, long CutBytes) FindTail(long from, long end)
    {
        var last = new LastRecord(from);
        Scan(from, end, end, last);
        return (last.End, CountAfter(last.End, end));
    }

    private long PageEnd(long address) => (address | (uint)(pageBytes - 1)) + 1;

    private ReadOnlySpan<byte> ReadPage(long from, long to, byte[] buffer)
    {
        var page = buffer.AsSpan(0, (int)(to - from));
        var read = files.Read(from / files.SegmentBytes, (int)(from % files.SegmentBytes), page);
        if (read < 0)
            throw new IOException($"The log's segment {from / files.SegmentBytes} is missing.");
        page[read..].Clear(); // a file that ends early reads as zeros: nothing was written there
        return page;
    }

    // Up to `limit` a record may begin, the whole span may be read; true when the visitor stopped it.
    private bool ScanPage(long address, ReadOnlySpan<byte> page, int limit, IRecordVisitor visitor, out long next)
    {
        var at = 0;
        while (at < limit)
        {
            var rest = page[at..];
            var length = RecordFormat.Measure(rest);
            if (length > 0 && RecordFormat.IsIntact(rest, seed))
            {
                ref readonly var header = ref RecordFormat.HeaderOf(rest);
                var body = rest.Slice(RecordFormat.PrefixBytes, (int)(header.KeyLength + header.ValueLength));
                if (!visitor.Visit(address + at, in header, body[..(int)header.KeyLength], body[(int)header.KeyLength..]))
                {
                    next = address + at;
                    return true;
                }

                at += length;
                continue;
            }

            // A page that begins with zeros was lost: FasterLog leaves zeros only after a page's last record.
            var beginsPage = (address + at) % pageBytes == 0;
            if (!beginsPage && !rest.ContainsAnyExcept((byte)0))
            {
                at = rest.Length + at;
                break;
            }

            var skipped = length > 0 && IsPlace(rest[length..]) ? length : Resync(rest);
            visitor.Damaged(address + at, skipped);
            at += skipped;
        }

        next = address + at;
        return false;
    }

    // A wrong checksum under lengths that lead to another record: most likely only this record is hurt.
    private bool IsPlace(ReadOnlySpan<byte> rest) =>
        RecordFormat.Measure(rest) > 0 ? RecordFormat.IsIntact(rest, seed) : !rest.ContainsAnyExcept((byte)0);

    // The next place where a whole record lies. The seed keeps a value from passing for records of this store, and the limit keeps a
    // value that is full of likely headers from making the search quadratic.
    private int Resync(ReadOnlySpan<byte> rest)
    {
        var budget = ResyncPagesMax * pageBytes;
        for (var at = RecordFormat.Alignment; at + RecordFormat.PrefixBytes <= rest.Length; at += RecordFormat.Alignment)
        {
            var zeros = rest[at..].IndexOfAnyExcept((byte)0);
            if (zeros < 0)
                break;
            at += zeros & -RecordFormat.Alignment;
            var length = RecordFormat.Measure(rest[at..]);
            if (length == 0)
                continue;
            if (RecordFormat.IsIntact(rest[at..], seed))
                return at;
            budget -= length;
            if (budget < 0)
                break;
        }

        return rest.Length;
    }

    private long CountAfter(long from, long end)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(pageBytes);
        long count = 0;
        for (var at = from; at < end; at = PageEnd(at))
        {
            var page = ReadPage(at, Math.Min(PageEnd(at), end), buffer);
            if (page.LastIndexOfAnyExcept((byte)0) is >= 0 and var last)
                count = at + last + 1 - from;
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return count;
    }

    private sealed class LastRecord(long end) : IRecordVisitor
    {
        public long End { get; private set; } = end;

        public bool Visit(long address, in RecordHeader header, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
        {
            End = address + RecordFormat.Bytes(key.Length, value.Length);
            return true;
        }

        public void Damaged(long address, long bytes)
        {
        }
    }
}
