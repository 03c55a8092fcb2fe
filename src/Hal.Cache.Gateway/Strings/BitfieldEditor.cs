using System.Buffers;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Gateway.Strings;

/// <summary>
/// Does the operations of BITFIELD on a value of any length: holds the chunks that they change, up to
/// <see cref="StringLimits.EditedChunksMax"/>, then makes a value of them and goes on from that.
/// </summary>
internal sealed class BitfieldEditor(IBlobStore store, ValueSnapshot source, long length) : IDisposable
{
    private readonly SortedDictionary<int, byte[]> chunks = [];
    private readonly byte[] field = new byte[BitfieldType.BytesMax];
    private ValueSnapshot current = source;
    private ILargeValue? between;

    /// <summary>Does the operations and adds their replies.</summary>
    public async ValueTask<CacheError?> RunAsync(BitfieldProgram program, List<long?> replies, CancellationToken cancellation)
    {
        foreach (BitfieldOp op in program.Ops)
        {
            Memory<byte> bytes = field.AsMemory(0, op.Bytes);
            if (await ReadAsync(op.FirstByte, bytes, cancellation) is { } failed) return failed;
            bool changed = op.Apply(bytes.Span, out long? reply);
            replies.Add(reply);
            if (changed && await WriteAsync(op.FirstByte, bytes, cancellation) is { } error) return error;
        }

        return null;
    }

    /// <summary>The value with all changes; the caller's.</summary>
    public ValueTask<(ILargeValue? Value, CacheError? Error)> BuildAsync(CancellationToken cancellation) =>
        LargeValueBuilder.ChangeAsync(store, current, length, chunks.ContainsKey, Overlay, cancellation);

    public void Dispose()
    {
        ReturnChunks();
        between?.Release();
    }

    private async ValueTask<CacheError?> ReadAsync(long offset, Memory<byte> bytes, CancellationToken cancellation)
    {
        while (!bytes.IsEmpty)
        {
            (int chunk, int at, int count) = Part(offset, bytes.Length);
            if (chunks.TryGetValue(chunk, out byte[]? edited)) edited.AsSpan(at, count).CopyTo(bytes.Span);
            else if (await current.ReadAsync(offset, bytes[..count], cancellation) is { } error) return error;
            offset += count;
            bytes = bytes[count..];
        }

        return null;
    }

    private async ValueTask<CacheError?> WriteAsync(long offset, Memory<byte> bytes, CancellationToken cancellation)
    {
        while (!bytes.IsEmpty)
        {
            (int chunk, int at, int count) = Part(offset, bytes.Length);
            if (!chunks.TryGetValue(chunk, out byte[]? edited))
            {
                if (chunks.Count == StringLimits.EditedChunksMax && await FlushAsync(cancellation) is { } full) return full;
                edited = ArrayPool<byte>.Shared.Rent(IBlobStore.ChunkBytes);
                chunks.Add(chunk, edited);
                Memory<byte> whole = edited.AsMemory(0, IBlobStore.ChunkBytes);
                if (await current.ReadAsync((long)chunk * IBlobStore.ChunkBytes, whole, cancellation) is { } error) return error;
            }

            bytes.Span[..count].CopyTo(edited.AsSpan(at));
            offset += count;
            bytes = bytes[count..];
        }

        return null;
    }

    private async ValueTask<CacheError?> FlushAsync(CancellationToken cancellation)
    {
        (ILargeValue? value, CacheError? error) = await BuildAsync(cancellation);
        if (value is null) return error;
        between?.Release();
        between = value;
        current = ValueSnapshot.Of(value);
        ReturnChunks();
        return null;
    }

    private ValueTask<CacheError?> Overlay(long offset, Memory<byte> chunk, CancellationToken cancellation)
    {
        chunks[LargeValueBuilder.ChunkOf(offset)].AsSpan(0, chunk.Length).CopyTo(chunk.Span);
        return default;
    }

    private void ReturnChunks()
    {
        foreach (byte[] chunk in chunks.Values) ArrayPool<byte>.Shared.Return(chunk);
        chunks.Clear();
    }

    private static (int Chunk, int At, int Count) Part(long offset, int length)
    {
        int at = (int)(offset % IBlobStore.ChunkBytes);
        return (LargeValueBuilder.ChunkOf(offset), at, Math.Min(length, IBlobStore.ChunkBytes - at));
    }
}
