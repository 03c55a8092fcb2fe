using System.Buffers;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Node.Tree.Collections;

/// <summary>Takes what a structure writes in pooled pieces, so that nothing is copied when it grows; then stages it as a large value.</summary>
internal sealed class BlobPieces : IBufferWriter<byte>, IDisposable
{
    private readonly List<(byte[] Bytes, int Count)> pieces = [];
    private byte[] current = [];
    private int filled;

    public long Length { get; private set; }

    public void Advance(int count)
    {
        filled += count;
        Length += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Ensure(sizeHint);
        return current.AsMemory(filled);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Ensure(sizeHint);
        return current.AsSpan(filled);
    }

    /// <summary>All of it in one array.</summary>
    public byte[] ToArray()
    {
        Close();
        var bytes = new byte[Length];
        int at = 0;
        foreach ((byte[] piece, int count) in pieces)
        {
            piece.AsSpan(0, count).CopyTo(bytes.AsSpan(at));
            at += count;
        }

        return bytes;
    }

    /// <summary>A large value of the store with all of it, which is the caller's, and its checksum; waits for room.</summary>
    public async ValueTask<Result<(ILargeValue Value, uint Checksum)>> StageAsync(IBlobStore store, CancellationToken cancellation)
    {
        Close();
        ILargeValue value = store.Stage(Length);
        byte[] chunk = ArrayPool<byte>.Shared.Rent(IBlobStore.ChunkBytes);
        (int index, int used, uint checksum) = (0, 0, 0);
        try
        {
            foreach ((byte[] piece, int count) in pieces)
            {
                for (int at = 0; at < count;)
                {
                    int step = Math.Min(count - at, IBlobStore.ChunkBytes - used);
                    piece.AsSpan(at, step).CopyTo(chunk.AsSpan(used));
                    (at, used) = (at + step, used + step);
                    if (used == IBlobStore.ChunkBytes && await WriteAsync().ConfigureAwait(false) is { } full)
                        return Failed(full);
                }
            }

            return used > 0 && await WriteAsync().ConfigureAwait(false) is { } error ? Failed(error) : (value, checksum);
        }
        catch (OperationCanceledException)
        {
            value.Release();
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }

        async ValueTask<CacheError?> WriteAsync()
        {
            checksum = Crc32C.Append(checksum, chunk.AsSpan(0, used));
            CacheError? failed = await value.WriteChunkAsync(index++, chunk.AsMemory(0, used), cancellation).ConfigureAwait(false);
            used = 0;
            return failed;
        }

        CacheError Failed(CacheError error)
        {
            value.Release();
            return error;
        }
    }

    public void Dispose()
    {
        Close();
        foreach ((byte[] piece, _) in pieces)
            ArrayPool<byte>.Shared.Return(piece);
        pieces.Clear();
    }

    private void Ensure(int sizeHint)
    {
        if (current.Length - filled >= Math.Max(1, sizeHint))
            return;
        Close();
        current = ArrayPool<byte>.Shared.Rent(Math.Max(IBlobStore.ChunkBytes, sizeHint));
    }

    private void Close()
    {
        if (filled > 0)
            pieces.Add((current, filled));
        else if (current.Length > 0)
            ArrayPool<byte>.Shared.Return(current);
        (current, filled) = ([], 0);
    }
}
