using System.Buffers;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Contracts.Telemetry;

namespace Hal.Cache.Node.Fetch;

/// <summary>
/// One read of neighbouring chunks from an origin. Its buffer answers those who wait, whether the store could take the chunks or not, and
/// goes back to the pool when the last of them has let go.
/// </summary>
/// <remarks>
/// Who is answered alone and may go on at once does so on the thread that brought the bytes, which are in its processor's cache: no thread has to be woken
/// for a chunk. Several go on side by side, on the thread pool: one that stayed behind on this thread, which the pool's threads push aside, was seen to
/// have its first byte 10 ms after all others.
/// </remarks>
#pragma warning disable CA1001 // the source has neither timer nor wait handle, and may be cancelled late: there is nothing to dispose of
internal sealed class ChunkRun(int first, int count, int bytes)
#pragma warning restore CA1001
{
    private static readonly Task<CacheError?> Here = Task.FromResult<CacheError?>(null);

    private readonly Lock gate = new();
    private readonly CancellationTokenSource cancel = new();
    private readonly List<Waiter> waiters = [];
    private byte[]? buffer;
    private GCHandle pin;
    private int references = 1;
    private Task<CacheError?>? over;

    public int First => first;

    public int Count => count;

    public int Bytes => bytes;

    /// <summary>Whether a reader waits for its first bytes.</summary>
    public bool IsFirst { get; init; }

    /// <summary>The span that the first of its readers works in; default where that one is not traced.</summary>
    public ActivityContext Asked { get; } = Spans.Current;

    /// <summary>Guarded by the lock of the object's flight.</summary>
    public bool IsReading { get; set; } = true;

    public CancellationToken Cancellation => cancel.Token;

    /// <summary>Bytes from the front of the buffer that are good.</summary>
    public int Filled { get; private set; }

    /// <summary>All bytes are here: who was answered with the last of them may have left before the read has ended.</summary>
    public bool IsWhole => Filled == bytes;

    /// <summary>Completes when a chunk's bytes are in the buffer, with null, or with why they are not; the others may still be coming.</summary>
    /// <param name="goesOnAtOnce">Whether what follows may run on the thread that brings the bytes: it is short, and does not block.</param>
    public Task<CacheError?> WhenHere(int index, bool goesOnAtOnce)
    {
        lock (gate)
        {
            if (IsHere(index))
                return Here;
            if (over != null)
                return over;
            var done = new TaskCompletionSource<CacheError?>(goesOnAtOnce ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously);
            waiters.Add(new(index, done));
            return done.Task;
        }
    }

    /// <summary>Notes that so many bytes from the front are good, which answers those who wait for them; without locks.</summary>
    public void Fill(int bytesGood)
    {
        Waiter[] answered;
        lock (gate)
        {
            Filled = bytesGood;
            answered = Take(waiter => IsHere(waiter.Index));
        }

        Answer(answered, null);
    }

    /// <summary>The buffer, taken from the pool when first asked for.</summary>
    public Memory<byte> Buffer => (buffer ??= ArrayPool<byte>.Shared.Rent(bytes)).AsMemory(0, bytes);

    public ReadOnlyMemory<byte> Chunk(int index)
    {
        int offset = (index - first) * IBlobStore.ChunkBytes;
        return Buffer[offset..Math.Min(bytes, offset + IBlobStore.ChunkBytes)];
    }

    /// <summary>Where a chunk's bytes lie, which they do until the run is released by all.</summary>
    public MemoryPiece Locate(int index, int offset, int bytesMax)
    {
        ReadOnlySpan<byte> chunk = Chunk(index).Span[offset..];
        chunk = chunk[..Math.Min(bytesMax, chunk.Length)];
        lock (gate)
        {
            if (!pin.IsAllocated)
                pin = GCHandle.Alloc(buffer, GCHandleType.Pinned);
        }

        nint start = pin.AddrOfPinnedObject() + ((index - first) * IBlobStore.ChunkBytes) + offset;
        return new(start, chunk.Length, Crc32C.Append(0, chunk));
    }

    /// <summary>Ends the run: what is not here by now is not coming where there is an error; without locks.</summary>
    public void Complete(CacheError? error)
    {
        Waiter[] answered;
        lock (gate)
        {
            if (over != null)
                return;
            over = error == null ? Here : Task.FromResult<CacheError?>(error);
            answered = Take(static _ => true);
        }

        Answer(answered, error);
    }

    /// <summary>Whether the run brings this chunk, and has it.</summary>
    public bool Has(int index)
    {
        lock (gate)
            return index >= first && index < first + count && IsHere(index);
    }

    public void Cancel() => cancel.Cancel();

    public void Retain() => Interlocked.Increment(ref references);

    public void Release()
    {
        if (Interlocked.Decrement(ref references) != 0)
            return;
        if (pin.IsAllocated)
            pin.Free();
        if (buffer != null)
            ArrayPool<byte>.Shared.Return(buffer);
        buffer = null;
    }

    private bool IsHere(int index) => Math.Min(bytes, (index - first + 1) * IBlobStore.ChunkBytes) <= Filled;

    private Waiter[] Take(Predicate<Waiter> isMeant)
    {
        if (!waiters.Exists(isMeant))
            return [];
        Waiter[] taken = [.. waiters.FindAll(isMeant)];
        waiters.RemoveAll(isMeant);
        return taken;
    }

    private static void Answer(Waiter[] answered, CacheError? error)
    {
        foreach (Waiter waiter in answered)
        {
            if (answered.Length == 1 || waiter.Done.Task.CreationOptions.HasFlag(TaskCreationOptions.RunContinuationsAsynchronously))
                waiter.Done.TrySetResult(error);
            else
                ThreadPool.UnsafeQueueUserWorkItem(static one => one.Done.TrySetResult(one.Error), (waiter.Done, Error: error), preferLocal: false);
        }
    }

    private readonly record struct Waiter(int Index, TaskCompletionSource<CacheError?> Done);
}
