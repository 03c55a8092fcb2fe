using System.Buffers;

namespace Hal.Cache.Storage.Objects;

/// <summary>A blob read from the log piece by piece, in pooled buffers that go back on <see cref="Dispose"/>.</summary>
internal sealed class BlobSegments : IDisposable
{
    private readonly List<(byte[] Buffer, int Length)> pieces = [];

    /// <summary>A buffer of at least so many bytes, of which so many belong to the blob.</summary>
    public Memory<byte> Add(int length)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(length);
        pieces.Add((buffer, length));
        return buffer.AsMemory(0, length);
    }

    public ReadOnlySequence<byte> ToSequence()
    {
        if (pieces.Count == 0)
            return ReadOnlySequence<byte>.Empty;
        Segment? last = null;
        Segment? first = null;
        foreach ((byte[] buffer, int length) in pieces)
        {
            last = new Segment(buffer.AsMemory(0, length), last);
            first ??= last;
        }

        return new(first!, 0, last!, last!.Memory.Length);
    }

    public void Dispose()
    {
        foreach ((byte[] buffer, _) in pieces)
            ArrayPool<byte>.Shared.Return(buffer);
        pieces.Clear();
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? previous)
        {
            Memory = memory;
            if (previous == null)
                return;
            previous.Next = this;
            RunningIndex = previous.RunningIndex + previous.Memory.Length;
        }
    }
}
