using System.Buffers;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Connections;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Contracts.Telemetry;

namespace Hal.Cache.Node.Fetch;

/// <summary>
/// One read of neighbouring chunks. Its memory answers those who wait, whether the store could take the chunks or not. Where the store has room, that is the
/// chunks' own, so that they need not be copied to be stored; else an array, which goes back to its pool when the last of them has let go.
/// </summary>
/// <remarks>
/// Who may go on at once does so on the thread that brought the bytes, which are in its processor's cache: no thread has to be woken for a chunk. Several do so
/// one after another (<see cref="ReaderLine"/>).
/// </remarks>
#pragma warning disable CA1001 // the source has neither timer nor wait handle, and may be cancelled late: there is nothing to dispose of
internal sealed class ChunkRun(int first, int count, int bytes) : IRangeMemory, ILender
#pragma warning restore CA1001
{
    private static readonly Task<CacheError?> Here = Task.FromResult<CacheError?>(null);

    private readonly Lock gate = new();
    private readonly CancellationTokenSource cancel = new();
    private readonly List<Waiter> waiters = [];
    private readonly Lock memory = new(); // of the bytes, and where they lie
    private readonly uint?[] checksums = new uint?[count];
    private volatile PlacedChunks? placed;
    private int available; // as Filled
    private byte[]? buffer;
    private ILargeValue? value; // whose chunks' memory the bytes go to
    private NativeSpace?[]? spaces; // null for a chunk that the store has
    private readonly int[] lent = new int[count]; // senders that have the chunk's memory
    private int storing = -1; // chunk whose memory is not lent any more: the store gets it
    private TaskCompletionSource? returned; // that all senders have returned that one's
    private int references = 1;
    private Task<CacheError?>? over;

    public int First => first;

    public int Count => count;

    public int Bytes => bytes;

    /// <summary>Whether a reader waits for its first bytes.</summary>
    public bool IsFirst { get; init; }

    /// <summary>Whether it is read on the thread that wants it, as far as that need not wait: one chunk.</summary>
    public bool IsAtOnce { get; init; }

    /// <summary>The span that the first of its readers works in; default where that one is not traced.</summary>
    public ActivityContext Asked { get; } = Spans.Current;

    /// <summary>Guarded by the lock of the object's flight.</summary>
    public bool IsReading { get; set; } = true;

    /// <summary>Whether the bytes stay with the run until its last reader has let go, whatever the store does: for who lost them once, or found the store's damaged.</summary>
    public bool KeepsBytes { get; init; }

    /// <summary>Whether the bytes go to the chunks' own memory.</summary>
    public bool HasSpaces => spaces != null;

    public CancellationToken Cancellation => cancel.Token;

    /// <summary>Bytes from the front that are good, or lie in a peer's memory, from where they are copied when they are wanted.</summary>
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

    /// <summary>Notes that so many bytes from the front are good or placed, which answers those who wait for them; without locks.</summary>
    public void Fill(int bytesGood)
    {
        Waiter[] answered;
        lock (memory)
        {
            lock (gate)
            {
                Filled = available = Math.Min(bytesGood, placed?.LostFrom ?? int.MaxValue);
                answered = Take(waiter => IsHere(waiter.Index));
            }
        }

        Answer(answered, null);
    }

    /// <summary>Has the bytes go to memory of the value's store, where that has room for all of them and none came yet.</summary>
    public void TryTakeSpaces(ILargeValue of)
    {
        lock (memory)
        {
            if (KeepsBytes || buffer != null || spaces != null)
                return;
            (value, spaces) = (of, new NativeSpace[count]);
            for (int index = 0; index < count; index++)
            {
                nint space = of.TryTakeSpace(first + index);
                if (space == 0)
                {
                    ReturnSpaces();
                    return;
                }

                spaces[index] = new(space, BytesOf(index));
            }
        }
    }

    /// <summary>The chunk's memory, or what follows in the array, which is taken from the pool when first asked for.</summary>
    public Memory<byte> At(int offset)
    {
        lock (memory) // who receives bytes and who copies others are two
        {
            return spaces != null
                ? spaces[offset / IBlobStore.ChunkBytes]!.Memory[(offset % IBlobStore.ChunkBytes)..]
                : (buffer ??= ArrayPool<byte>.Shared.Rent(bytes)).AsMemory(offset, bytes - offset);
        }
    }

    public void Checked(int offset, int bytesChecked, uint checksum)
    {
        int index = offset / IBlobStore.ChunkBytes;
        lock (memory)
        {
            if (offset % IBlobStore.ChunkBytes == 0 && bytesChecked == BytesOf(index))
                checksums[index] = checksum;
        }
    }

    public void Begin() => placed?.Begin();

    /// <remarks>Not where the bytes are to stay: what nobody has copied may be gone.</remarks>
    public bool TryPlace(int offset, in RemotePiece piece)
    {
        int at = offset / IBlobStore.ChunkBytes;
        if (KeepsBytes || offset % IBlobStore.ChunkBytes != 0 || piece.Bytes != BytesOf(at))
            return false;
        (placed ??= new PlacedChunks(this)).Add(at, piece);
        return true;
    }

    public Task<int> CopyPlacedAsync(TimeSpan patience, TimeProvider time) => placed?.CopyAsync(patience, time) ?? Task.FromResult(int.MaxValue);

    public void DropPlaced() => placed?.Drop();

    /// <summary>A reader has passed on what there was: what lies in a peer's memory still need not wait for it.</summary>
    public void PassedOn() => placed?.PassedOn();

    /// <summary>What is behind an offset lay in a peer's memory, and is gone: it is to come again.</summary>
    public void Lose(int offset)
    {
        lock (memory)
        {
            lock (gate)
                Filled = available = Math.Min(available, offset);
        }
    }

    /// <summary>A chunk of a run that has an array.</summary>
    public ReadOnlyMemory<byte> Chunk(int index) => At((index - first) * IBlobStore.ChunkBytes)[..BytesOf(index - first)];

    /// <summary>Copies what there is of a chunk; 0 where the store has it.</summary>
    public int TryRead(int index, int offset, Span<byte> destination)
    {
        int length;
        if (IsFirst && offset == 0 && placed?.TryPass(index - first, destination) == true)
            return BytesOf(index - first);
        placed?.BeCopied(index - first);
        lock (memory)
        {
            ReadOnlySpan<byte> chunk = BytesHere(index);
            length = Math.Min(Math.Max(0, chunk.Length - offset), destination.Length);
            if (length > 0)
                chunk.Slice(offset, length).CopyTo(destination);
        }

        return length;
    }

    /// <summary>Lends what there is of a chunk, which stays until it is returned; nothing where the store has it, or is about to.</summary>
    /// <remarks>Nor where they are a reader's first, in a peer's memory yet: it has them soonest by <see cref="TryRead"/>.</remarks>
    public LentBytes TryLend(int index, int offset, int bytesMax)
    {
        int at = index - first;
        if (IsFirst && placed?.Has(at) == true)
            return default;
        placed?.BeCopied(at);
        if (placed?.IsCopiedUpTo(at) == false)
            return default; // where one before it is gone, this one is received again, into the same memory
        lock (memory)
        {
            ReadOnlySpan<byte> chunk = BytesHere(index);
            if (spaces == null || storing == at || chunk.Length <= offset)
                return default;
            lent[at]++;
            Retain();
            return new(AddressOf(chunk) + offset, Math.Min(bytesMax, chunk.Length - offset), this, at);
        }
    }

    /// <summary>A sender does not use a chunk's memory any more.</summary>
    public void Returned(int tag)
    {
        lock (memory)
        {
            if (--lent[tag] == 0 && storing == tag)
                returned?.TrySetResult();
        }

        Release();
    }

    /// <summary>Completes when no sender has a chunk's memory; none gets it from now on, for <see cref="TryCommit"/>.</summary>
    public Task WhenReturned(int index)
    {
        lock (memory)
        {
            storing = index - first;
            if (lent[storing] == 0)
                return Task.CompletedTask;
            returned = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return returned.Task;
        }
    }

    /// <summary>
    /// Where a chunk's bytes lie, which they do until the run is released by all or the store lets go of them; nothing where the store has them, or where
    /// other processes may not map them.
    /// </summary>
    public MemoryPiece TryLocate(int index, int offset, int bytesMax)
    {
        MemoryPiece located = default;
        placed?.BeCopied(index - first);
        lock (memory)
        {
            ReadOnlySpan<byte> chunk = BytesHere(index);
            if (!chunk.IsEmpty && spaces != null && value!.OffsetOf(AddressOf(chunk)) is >= 0 and var place)
            {
                ReadOnlySpan<byte> part = chunk[offset..];
                part = part[..Math.Min(bytesMax, part.Length)];
                uint checksum = part.Length < chunk.Length ? Crc32C.Append(0, part) : checksums[index - first] ??= Crc32C.Append(0, part);
                located = new(place + offset, part.Length, checksum, IsFleeting: true);
            }
        }

        return located;
    }

    /// <summary>Whether the store got the chunk's memory.</summary>
    public bool HasGiven(int index)
    {
        lock (memory)
            return spaces != null && spaces[index - first] == null;
    }

    /// <summary>Gives a chunk's memory to the store; false where that has no room at this moment.</summary>
    public unsafe bool TryCommit(int index)
    {
        lock (memory) // nobody reads it meanwhile: the store may take it for something else at any time
        {
            int at = index - first;
            if (spaces![at] is not { } space)
                return true;
            if (!value!.TryCommit(index, AddressOf(space.GetSpan()), checksums[at]))
                return false;
            spaces[at] = null;
            return true;
        }
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
        lock (memory)
            ReturnSpaces();
        if (buffer != null)
            ArrayPool<byte>.Shared.Return(buffer);
        buffer = null;
    }

    private static unsafe nint AddressOf(ReadOnlySpan<byte> pinned) => (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(pinned));

    private int BytesOf(int index) => Math.Min(IBlobStore.ChunkBytes, bytes - (index * IBlobStore.ChunkBytes));

    private ReadOnlySpan<byte> BytesHere(int index)
    {
        if (Math.Min(bytes, (index - first + 1) * IBlobStore.ChunkBytes) > available)
            return default;
        return spaces == null ? Chunk(index).Span : spaces[index - first] is { } space ? space.GetSpan() : default;
    }

    private void ReturnSpaces()
    {
        for (int index = 0; index < spaces?.Length; index++)
        {
            if (spaces[index] is { } space)
                value!.ReturnSpace(first + index, AddressOf(space.GetSpan()));
        }

        spaces = null;
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
        if (answered.Length > 0)
            GoOn(answered, error);
    }

    private static void GoOn(Waiter[] answered, CacheError? error) => ReaderLine.GoOn(answered, waiter => waiter.Done.TrySetResult(error));

    private readonly record struct Waiter(int Index, TaskCompletionSource<CacheError?> Done);
}
