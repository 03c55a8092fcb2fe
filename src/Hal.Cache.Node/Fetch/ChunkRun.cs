using System.Buffers;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Node.Fetch;

/// <summary>
/// One read of neighbouring chunks from an origin. Its buffer answers those who wait, whether the store could take the chunks or not, and
/// goes back to the pool when the last of them has let go.
/// </summary>
#pragma warning disable CA1001 // the source has neither timer nor wait handle, and may be cancelled late: there is nothing to dispose of
internal sealed class ChunkRun(int first, int count, int bytes)
#pragma warning restore CA1001
{
    private readonly TaskCompletionSource<CacheError?> read = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource cancel = new();
    private byte[]? buffer;
    private int references = 1;

    public int First => first;

    public int Count => count;

    /// <summary>Guarded by the lock of the object's flight.</summary>
    public bool IsReading { get; set; } = true;

    public CancellationToken Cancellation => cancel.Token;

    /// <summary>Completes when the bytes are in the buffer, with null, or with why they are not.</summary>
    public Task<CacheError?> Read => read.Task;

    /// <summary>The buffer, taken from the pool when first asked for.</summary>
    public Memory<byte> Buffer => (buffer ??= ArrayPool<byte>.Shared.Rent(bytes)).AsMemory(0, bytes);

    public ReadOnlyMemory<byte> Chunk(int index)
    {
        int offset = (index - first) * IBlobStore.ChunkBytes;
        return Buffer[offset..Math.Min(bytes, offset + IBlobStore.ChunkBytes)];
    }

    public void Complete(CacheError? error) => read.TrySetResult(error);

    public void Cancel() => cancel.Cancel();

    public void Retain() => Interlocked.Increment(ref references);

    public void Release()
    {
        if (Interlocked.Decrement(ref references) != 0)
            return;
        if (buffer != null)
            ArrayPool<byte>.Shared.Return(buffer);
        buffer = null;
    }
}
