using System.Buffers;

namespace Hal.Cache.Storage.Log;

/// <summary>One record read from the log, in a pooled buffer that goes back on <see cref="Dispose"/>; not thread-safe.</summary>
internal sealed class RecordLease(RecordHeader header, byte[] buffer, int offset) : IDisposable
{
    private RecordHeader header = header;
    private byte[]? buffer = buffer;

    public ref readonly RecordHeader Header => ref header;

    public ReadOnlyMemory<byte> Key => Live.AsMemory(offset, (int)header.KeyLength);

    public ReadOnlyMemory<byte> Value => Live.AsMemory(offset + (int)header.KeyLength, (int)header.ValueLength);

    private byte[] Live => buffer ?? throw new ObjectDisposedException(nameof(RecordLease));

    public void Dispose()
    {
        if (Interlocked.Exchange(ref buffer, null) is { } returned)
            ArrayPool<byte>.Shared.Return(returned);
    }
}
