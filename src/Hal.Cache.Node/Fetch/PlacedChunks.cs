using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Node.Fetch;

/// <summary>
/// Those chunks of a run that lie in a peer's memory, and that nobody has copied yet. Readers copy what they want; the rest is copied by a thread of the pool when
/// a reader has gone on, or after a while. Where one is gone, it and all that follow are to come again.
/// </summary>
/// <remarks>Its lock is never held while the run's are taken, nor while bytes are copied.</remarks>
internal sealed class PlacedChunks(ChunkRun run)
{
    private readonly Lock gate = new();
    private readonly RemotePiece[] places = new RemotePiece[run.Count];
    private readonly bool[] isBeingCopied = new bool[run.Count];
    private int placed;
    private int copying;
    private volatile int lostFrom = int.MaxValue;
    private bool isPassedOn;
    private TaskCompletionSource<int>? copied;
    private ITimer? impatience;

    /// <summary>Offset of the first chunk that was gone; <see cref="int.MaxValue"/> where none was.</summary>
    public int LostFrom => lostFrom;

    public void Begin() => lostFrom = int.MaxValue;

    public void Add(int at, in RemotePiece piece)
    {
        lock (gate)
        {
            if (lostFrom < int.MaxValue)
                return; // all is to come again
            places[at] = piece;
            placed++;
        }
    }

    /// <summary>A reader has passed on what there was: the rest need not wait for it.</summary>
    public void PassedOn()
    {
        lock (gate)
        {
            isPassedOn = true;
            if (impatience == null)
                return;
            impatience.Dispose();
            impatience = null;
            if (copied == null)
                return; // the run may be over
            run.Retain();
        }

        BeginRest();
    }

    /// <summary>Completes with <see cref="LostFrom"/> when no chunk lies in the peer's memory any more.</summary>
    public Task<int> CopyAsync(TimeSpan patience, TimeProvider time)
    {
        Task<int> task;
        lock (gate)
        {
            if (placed + copying == 0)
                return Task.FromResult(lostFrom);
            task = (copied ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            if (!isPassedOn && patience > TimeSpan.Zero)
            {
                impatience = time.CreateTimer(static chunks => ((PlacedChunks)chunks!).PassedOn(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                impatience.Change(patience, Timeout.InfiniteTimeSpan);
                return task;
            }
        }

        run.Retain();
        BeginRest();
        return task;
    }

    /// <summary>Nobody wants the rest any more.</summary>
    public void Drop()
    {
        int first;
        lock (gate)
            first = Array.FindIndex(places, static piece => piece.Bytes > 0);
        if (first >= 0)
            Lose(first);
        Tell();
    }

    /// <summary>
    /// Copies a whole chunk straight from the peer's memory, where nobody has copied it yet: who passes it on has it in its processor's cache, and need not wait
    /// until it lies in a place of its own, cold memory that is.
    /// </summary>
    public bool TryPass(int at, Span<byte> destination)
    {
        RemotePiece piece = PlaceOf(at);
        if (piece.Bytes == 0 || piece.Bytes > destination.Length)
            return false;
        if (piece.TryCopy(destination))
            return true;
        Lose(at, piece); // unless it was copied meanwhile, and the peer has let go of it
        Tell();
        return false;
    }

    /// <summary>Whether nobody has copied the chunk yet.</summary>
    public bool Has(int at) => PlaceOf(at).Bytes > 0;

    /// <summary>Whether a chunk and all before it lie in the peer's memory no more: they will not come again.</summary>
    public bool IsCopiedUpTo(int at)
    {
        lock (gate)
        {
            while (at >= 0 && places[at].Bytes == 0 && !isBeingCopied[at])
                at--;
            return at < 0;
        }
    }

    /// <summary>Returns when the chunk does not lie in the peer's memory any more.</summary>
    public void BeCopied(int at)
    {
        Copy(at);
        for (SpinWait spin = default; IsBeingCopied(at);)
            spin.SpinOnce(sleep1Threshold: -1);
    }

    // The run is retained for it.
    private void BeginRest()
    {
        ThreadPool.UnsafeQueueUserWorkItem(static chunks => chunks.CopyRest(), this, preferLocal: false);
    }

    private void CopyRest()
    {
        for (int at = 0; at < places.Length; at++)
            Copy(at, tells: false);
        run.Release(); // before whoever waits for it may end the store
        Tell();
    }

    private RemotePiece PlaceOf(int at)
    {
        lock (gate)
            return places[at];
    }

    private bool IsBeingCopied(int at)
    {
        lock (gate)
            return isBeingCopied[at];
    }

    /// <summary>Copies a chunk to its place in the run, unless somebody else does.</summary>
    private void Copy(int at, bool tells = true)
    {
        RemotePiece piece;
        lock (gate)
        {
            piece = places[at];
            if (piece.Bytes == 0)
                return;
            places[at] = default;
            isBeingCopied[at] = true;
            (placed, copying) = (placed - 1, copying + 1);
        }

        bool isHere = false;
        try
        {
            isHere = piece.TryCopy(run.At(at * IBlobStore.ChunkBytes).Span);
        }
        finally
        {
            if (isHere)
                run.Checked(at * IBlobStore.ChunkBytes, piece.Bytes, piece.Checksum);
            else
                Lose(at);
            lock (gate)
            {
                isBeingCopied[at] = false;
                copying--;
            }
        }

        if (tells)
            Tell();
    }

    /// <param name="found">What was not there any more; default where nobody else can have had it copied.</param>
    private void Lose(int at, RemotePiece found = default)
    {
        int offset;
        lock (gate)
        {
            if (found.Bytes > 0 && places[at] != found)
                return;
            offset = lostFrom = Math.Min(lostFrom, at * IBlobStore.ChunkBytes);
            for (; at < places.Length; at++)
            {
                placed -= places[at].Bytes > 0 ? 1 : 0;
                places[at] = default;
            }
        }

        run.Lose(offset);
    }

    private void Tell()
    {
        TaskCompletionSource<int>? told;
        lock (gate)
        {
            if (copied == null || placed + copying > 0)
                return;
            (told, copied) = (copied, null);
            impatience?.Dispose();
            impatience = null;
        }

        told.TrySetResult(lostFrom);
    }
}
