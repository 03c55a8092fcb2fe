using System.Collections.Concurrent;
using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Origins;

namespace Hal.Cache.Testing.Origins;

/// <summary>Counts another origin's calls, and keeps which bytes of which path were read.</summary>
public sealed class CountingOrigin(IOrigin inner) : IOrigin
{
    private readonly ConcurrentDictionary<string, ConcurrentQueue<ByteRange>> ranges = new();
    private long stats;
    private long opens;
    private long bytesRead;
    private int openReaders;

    public long Stats => Interlocked.Read(ref stats);

    public long Opens => Interlocked.Read(ref opens);

    /// <summary>Bytes that reads of all paths gave.</summary>
    public long BytesRead => Interlocked.Read(ref bytesRead);

    /// <summary>Readers that are open now: zero when the code under test is done, or it leaks.</summary>
    public int OpenReaders => Volatile.Read(ref openReaders);

    public bool AnswersAtOnce => inner.AnswersAtOnce;

    /// <summary>The ranges of <paramref name="path"/> that were read, in the order in which the reads ended.</summary>
    public IReadOnlyList<ByteRange> RangesOf(string path) => ranges.TryGetValue(path, out var read) ? [.. read] : [];

    /// <summary>The part of the path that was read, with each byte counted once.</summary>
    public long DistinctBytesOf(string path)
    {
        long distinct = 0, end = 0;
        foreach (var range in RangesOf(path).OrderBy(range => range.Offset))
        {
            distinct += Math.Max(0, range.End - Math.Max(end, range.Offset));
            end = Math.Max(end, range.End);
        }

        return distinct;
    }

    /// <summary>The first byte of <paramref name="path"/> that was read more than once, or null.</summary>
    public long? FirstByteReadTwice(string path)
    {
        var end = 0L;
        foreach (var range in RangesOf(path).OrderBy(range => range.Offset))
        {
            if (range.Offset < end)
            {
                return range.Offset;
            }

            end = range.End;
        }

        return null;
    }

    public ValueTask<Result<OriginObject>> StatAsync(ReadOnlyMemory<byte> path, CancellationToken cancellation)
    {
        Interlocked.Increment(ref stats);
        return inner.StatAsync(path, cancellation);
    }

    public async ValueTask<Result<IOriginReader>> OpenAsync(
        ReadOnlyMemory<byte> path, OriginObject? expected, CancellationToken cancellation)
    {
        Interlocked.Increment(ref opens);
        var opened = await inner.OpenAsync(path, expected, cancellation);
        if (!opened.IsOk)
        {
            return opened;
        }

        Interlocked.Increment(ref openReaders);
        return new Reader(this, opened.Value, ranges.GetOrAdd(Encoding.UTF8.GetString(path.Span), _ => new()));
    }

    private sealed class Reader(CountingOrigin origin, IOriginReader inner, ConcurrentQueue<ByteRange> ranges) : IOriginReader
    {
        private int closed;

        public OriginObject Opened => inner.Opened;

        public bool IsLocal => inner.IsLocal;

        public async ValueTask<Result<int>> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
        {
            var read = await inner.ReadAsync(offset, buffer, cancellation);
            if (read.IsOk && read.Value > 0)
            {
                ranges.Enqueue(new(offset, read.Value));
                Interlocked.Add(ref origin.bytesRead, read.Value);
            }

            return read;
        }

        public ValueTask DisposeAsync()
        {
            if (Interlocked.Exchange(ref closed, 1) == 0)
            {
                Interlocked.Decrement(ref origin.openReaders);
            }

            return inner.DisposeAsync();
        }
    }
}
