using System.Buffers;
using System.Diagnostics;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Contracts.Telemetry;

namespace Hal.Cache.Node.Fetch;

/// <summary>
/// One read of neighbouring chunks from an origin. Its buffer answers those who wait, whether the store could take the chunks or not, and
/// goes back to the pool when the last of them has let go.
/// </summary>
#pragma warning disable CA1001 // the source has neither timer nor wait handle, and may be cancelled late: there is nothing to dispose of
internal sealed class ChunkRun(int first, int count, int bytes)
#pragma warning restore CA1001
{
    private readonly TaskCompletionSource<CacheError?>[] chunks =
        [.. Enumerable.Range(0, count).Select(_ => new TaskCompletionSource<CacheError?>(TaskCreationOptions.RunContinuationsAsynchronously))];

    private readonly CancellationTokenSource cancel = new();
    private byte[]? buffer;
    private int references = 1;

    public int First => first;

    public int Count => count;

    public int Bytes => bytes;

    /// <summary>The span that the first of its readers works in; default where that one is not traced.</summary>
    public ActivityContext Asked { get; } = Spans.Current;

    /// <summary>Guarded by the lock of the object's flight.</summary>
    public bool IsReading { get; set; } = true;

    public CancellationToken Cancellation => cancel.Token;

    /// <summary>Bytes from the front of the buffer that are good.</summary>
    public int Filled { get; private set; }

    /// <summary>Completes when a chunk's bytes are in the buffer, with null, or with why they are not; the others may still be coming.</summary>
    public Task<CacheError?> WhenHere(int index) => chunks[index - first].Task;

    /// <summary>Notes that so many bytes from the front are good, which answers those who wait for them.</summary>
    public void Fill(int bytesGood)
    {
        Filled = bytesGood;
        for (int each = 0; each < count && Math.Min(bytes, (each + 1) * IBlobStore.ChunkBytes) <= bytesGood; each++)
            chunks[each].TrySetResult(null);
    }

    /// <summary>The buffer, taken from the pool when first asked for.</summary>
    public Memory<byte> Buffer => (buffer ??= ArrayPool<byte>.Shared.Rent(bytes)).AsMemory(0, bytes);

    public ReadOnlyMemory<byte> Chunk(int index)
    {
        int offset = (index - first) * IBlobStore.ChunkBytes;
        return Buffer[offset..Math.Min(bytes, offset + IBlobStore.ChunkBytes)];
    }

    /// <summary>Ends the run: what is not here by now is not coming where there is an error.</summary>
    public void Complete(CacheError? error)
    {
        foreach (TaskCompletionSource<CacheError?> chunk in chunks)
            chunk.TrySetResult(error);
    }

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
