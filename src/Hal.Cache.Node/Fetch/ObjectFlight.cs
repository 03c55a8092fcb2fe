using System.Diagnostics;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Contracts.Telemetry;

namespace Hal.Cache.Node.Fetch;

/// <summary>
/// The reading of one version of a large object: every missing chunk is read once, however many readers want it. Lives while it has
/// readers or unfinished runs; a run whose bytes are still to come is cancelled when the last reader leaves.
/// </summary>
internal sealed class ObjectFlight(
    ILargeValue value, ObjectSource source, FetchPipeline pipeline, KeyspaceOptions options, KeyspaceStatistics statistics,
    Action<ObjectFlight> whenEnded)
{
    /// <summary>A reader's first reads from an origin grow by this.</summary>
    private const int FirstReadGrowth = 3;

    /// <summary>Reads of one object that run at the same time where it is hurried: others' reads want places, too.</summary>
    private const int HurriedRunsMax = 8;

    private readonly Lock gate = new();
    private readonly HashSet<ValueReader> readers = [];
    private readonly RunsInFlight inFlight = new();
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int aheadChunks = Math.Max(1, options.ReadAheadBytes / IBlobStore.ChunkBytes);
    private readonly int runChunksMax = Math.Max(1, (source.IsStreaming ? options.PeerReadBytesMax : options.OriginReadBytesMax) / IBlobStore.ChunkBytes);
    private readonly long began = pipeline.Retrievals.Now;
    private OpenedObject? opened;
    private CacheError? over;
    private int runs;
    private int hurriedNext; // chunk up to which readers' chunks were begun
    private int hurriedEnd;
    private bool retained;
    private bool hasEnded;
    private bool isStopped;
    private volatile bool storeIsFull;
    private int isTold;

    public ILargeValue Value => value;

    public Task Ended => ended.Task;

    /// <summary>Whether all that its readers want is brought as soon as it can be.</summary>
    public bool IsHurried { get; private set; }

    /// <summary>Whether this may be the thread of a loop that polls connections, all of which would wait.</summary>
    private static bool MustNotWait => !Thread.CurrentThread.IsThreadPoolThread;

    public bool TryAttach(ValueReader reader)
    {
        lock (gate)
        {
            if (hasEnded || isStopped)
                return false;
            if (!retained)
                value.Retain();
            retained = true;
            readers.Add(reader);
            return true;
        }
    }

    public void Detach(ValueReader reader)
    {
        lock (gate)
        {
            readers.Remove(reader);
            if (readers.Count == 0)
                CancelReads();
        }

        EndIfIdle();
    }

    /// <summary>Cancels all reads, whoever waits for them.</summary>
    public void Stop()
    {
        lock (gate)
        {
            isStopped = true;
            over ??= new(CacheErrorCode.Unavailable, "the instance is shutting down");
            CancelReads();
        }

        EndIfIdle();
    }

    /// <summary>
    /// The run that brings a chunk, retained for the caller; null where the chunk is here. Starts, up to <paramref name="end"/>, what the
    /// caller will want next.
    /// </summary>
    /// <param name="isFirst">Whether the reader has got nothing yet: what is read ahead does not compete with its first bytes.</param>
    /// <param name="evenIfHere">Whether the store's chunk is damaged.</param>
    /// <param name="isLost">Whether the reader was told before that the chunk is here, and it had left the store again when it looked.</param>
    public ChunkRun? Want(int index, int end, bool isFirst, bool evenIfHere, bool isLost)
    {
        List<ChunkRun>? started = null;
        ChunkRun? run;
        lock (gate)
        {
            if (!inFlight.TryGet(index, out run) || run.HasGiven(index) || (isLost && !run.KeepsBytes))
            {
                if (value.HasChunk(index) && !evenIfHere)
                    return null;
                bool isAtOnce = isFirst && source.AnswersAtOnce && MustNotWait;
                bool isAlone = storeIsFull || evenIfHere || isLost || isAtOnce;
                run = Begin(index, Math.Min(end, index + (isAlone ? 1 : runChunksMax)), ref started, isFirst, isAtOnce, keepsBytes: evenIfHere || isLost);
            }
            else
            {
                statistics.FlightJoined();
            }

            run.Retain();
            if (!evenIfHere && !isFirst)
                BeginAhead(index + 1, end, ref started);
        }

        Start(started);
        return run;
    }

    /// <summary>Starts reads of what is missing before <paramref name="end"/>, not further ahead than the limit.</summary>
    public void Ahead(int index, int end)
    {
        List<ChunkRun>? started = null;
        lock (gate)
            BeginAhead(index, end, ref started);
        Start(started);
    }

    /// <summary>Brings all that its readers want now, some reads at a time; false where that is so already, or nobody reads it any more.</summary>
    public bool TryHurry()
    {
        List<ChunkRun>? started = null;
        lock (gate)
        {
            if (hasEnded || isStopped || IsHurried || readers.Count == 0)
                return false;
            IsHurried = true;
            (hurriedNext, hurriedEnd) = (readers.Min(static reader => reader.ChunkIndex), readers.Max(static reader => reader.ChunkEnd));
            BeginHurried(ref started);
        }

        Start(started);
        return true;
    }

    /// <summary>Drops the object's entry: its bytes are damaged here or of a version that the origin no longer has.</summary>
    public ValueTask DropAsync() => pipeline.DropAsync(source.Database, source.Key, value);

    private void BeginAhead(int index, int end, ref List<ChunkRun>? started)
    {
        if (storeIsFull || over != null || readers.Count == 0)
            return;
        for (int last = Math.Min(end, index + aheadChunks); index < last; index++)
        {
            if (IsComing(index))
                continue;
            if (last - index < runChunksMax && last < end)
                return; // wait until the reader is so near that a whole run is worth it
            ChunkRun run = Begin(index, last, ref started);
            index = run.First + run.Count - 1;
        }
    }

    // Each chunk once: one that the store gives up before its reader comes is read again by that one.
    private void BeginHurried(ref List<ChunkRun>? started)
    {
        if (storeIsFull || over != null)
            return;
        for (; hurriedNext < hurriedEnd && runs < HurriedRunsMax; hurriedNext++)
        {
            if (!IsComing(hurriedNext) && readers.Any(reader => hurriedNext >= reader.ChunkIndex && hurriedNext < reader.ChunkEnd))
                Begin(hurriedNext, hurriedEnd, ref started);
        }
    }

    private bool IsComing(int index) => inFlight.Has(index) || value.HasChunk(index);

    private ChunkRun Begin(int index, int end, ref List<ChunkRun>? started, bool isFirst = false, bool isAtOnce = false, bool keepsBytes = false)
    {
        int count = 1;
        while (index + count < end && count < runChunksMax && !IsComing(index + count))
            count++;
        long offset = (long)index * IBlobStore.ChunkBytes;
        var run = new ChunkRun(index, count, (int)Math.Min((long)count * IBlobStore.ChunkBytes, value.Length - offset))
        {
            IsFirst = isFirst,
            IsAtOnce = isAtOnce,
            KeepsBytes = keepsBytes,
        };
        inFlight.Add(run);
        runs++;
        (started ??= []).Add(run);
        return run;
    }

    // Whoever wants a chunk may be a thread that must not wait for a file; what need not be waited for is read there, and nothing else.
    private void Start(List<ChunkRun>? started)
    {
        foreach (ChunkRun run in started ?? [])
        {
            if (source.IsStreaming || run.IsAtOnce)
                _ = RunAsync(run);
            else
                ThreadPool.UnsafeQueueUserWorkItem(static work => _ = work.Flight.RunAsync(work.Run), (Flight: this, Run: run), preferLocal: false);
        }
    }

    private async Task RunAsync(ChunkRun run)
    {
        CacheError? error = null;
        using Activity? span = NodeSpans.Read(run.Asked, (long)run.First * IBlobStore.ChunkBytes, run.Bytes);
        try
        {
            error = await ReadAsync(run);
        }
        catch (OperationCanceledException) when (run.Cancellation.IsCancellationRequested)
        {
            error = new(CacheErrorCode.Unavailable, "the read was cancelled");
        }
#pragma warning disable CA1031 // whatever an origin throws ends the readers of this object, no more
        catch (Exception bug)
#pragma warning restore CA1031
        {
            error = new(CacheErrorCode.Unavailable, "the origin's adapter failed: " + bug.GetType().Name);
        }

        if (error is { Code: CacheErrorCode.Changed or CacheErrorCode.NotFound })
        {
            lock (gate)
                error = over ??= new(CacheErrorCode.Changed, "the object changed while it was read");
            await DropAsync();
        }

        List<ChunkRun>? next = null;
        lock (gate)
        {
            inFlight.Remove(run);
            run.IsReading = false;
            runs--;
            if (IsHurried && error == null)
                BeginHurried(ref next);
        }

        Start(next);
        span.Ended(error);
        run.Complete(error);
        run.Release();
        EndIfIdle();
    }

    private async Task<CacheError?> ReadAsync(ChunkRun run)
    {
        SemaphoreSlim limit = source.Reads;
        await limit.WaitAsync(run.Cancellation);
        try
        {
            for (int attempt = 1; ; attempt++)
            {
                if (await FillAsync(run) is not { } error)
                    break;
                if (error.Code != CacheErrorCode.Unavailable || attempt >= options.OriginAttemptsMax)
                    return error;
            }

            lock (gate)
                run.IsReading = false;
            run.Complete(null);
            await StoreAsync(run);
            return null;
        }
        finally
        {
            limit.Release();
        }
    }

    private async Task<CacheError?> FillAsync(ChunkRun run)
    {
        OpenedObject origin;
        lock (gate)
        {
            if (over != null)
                return over;
            origin = opened ??= new OpenedObject(source, isHere: source.IsStreaming || (run.IsAtOnce && MustNotWait));
        }

        Result<IObjectReader> reader = await origin.Reader.WaitAsync(run.Cancellation);
        if (reader.IsOk)
            return await FillAsync(reader.Value, run);
        source.Failed(reader.Error);
        lock (gate)
        {
            if (opened == origin)
                opened = null; // the next attempt opens it anew
        }

        return reader.Error;
    }

    // A try goes on where the last one stopped: the bytes so far are of this version, and some may have been read already. An origin tells of
    // a read when all of it is here, so a reader's first one is short.
    private async ValueTask<CacheError?> FillAsync(IObjectReader reader, ChunkRun run)
    {
        if (reader.FillsParts && !storeIsFull)
            run.TryTakeSpaces(value);
        int piece = run.IsFirst && !source.IsStreaming ? options.FirstReadBytes : run.Bytes;
        for (int done = run.Filled; done < run.Bytes; piece *= FirstReadGrowth)
        {
            int from = done, bytes = Math.Min(piece, run.Bytes - done);
            long offset = ((long)run.First * IBlobStore.ChunkBytes) + from;
            if (await reader.FillAsync(offset, new(run, from, bytes), more => run.Fill(from + more), run.Cancellation) is { } error)
                return error;
            done += bytes;
            // The first bytes are on their way. Those who wait for them may be on this processor, which further reads would keep from them for
            // as long as the scheduler lets a thread run: some milliseconds.
            if (run is { IsFirst: true, IsAtOnce: false } && from == 0 && !source.IsStreaming)
                Thread.Yield();
        }

        return null;
    }

    // Each chunk stays in flight until it is stored, so that nobody reads it from the origin meanwhile.
    private async Task StoreAsync(ChunkRun run)
    {
        for (int index = run.First; index < run.First + run.Count; index++)
        {
            if (!storeIsFull && await StoreAsync(run, index) != null)
                storeIsFull = true; // readers go on, chunk by chunk, straight from the origin
            lock (gate)
                inFlight.Remove(index, run);
        }

        if (value.ChunksPresent == value.ChunkCount && Interlocked.Exchange(ref isTold, 1) == 0)
            pipeline.Retrievals.Completed(source, value, began);
    }

    private async ValueTask<CacheError?> StoreAsync(ChunkRun run, int index)
    {
        if (!run.HasSpaces)
            return await value.WriteChunkAsync(index, run.Chunk(index), CancellationToken.None);
        await run.WhenReturned(index);
        while (!run.TryCommit(index))
        {
            // The memory is there: what it waits for is the log, whatever is said of memory.
            if (await pipeline.MakeRoomAsync(IBlobStore.ChunkBytes) is { } error)
                return run.TryCommit(index) ? null : error;
        }

        return null;
    }

    private void CancelReads()
    {
        foreach (ChunkRun run in inFlight.Reading())
        {
            inFlight.Remove(run); // who wants these chunks from now on begins anew
            ThreadPool.UnsafeQueueUserWorkItem(static cancelled => cancelled.Cancel(), run, preferLocal: false);
        }

        if (opened is not { Reader.IsCompleted: false } pending)
            return;
        opened = null;
        pending.Close();
    }

    private void EndIfIdle()
    {
        OpenedObject? open;
        lock (gate)
        {
            if ((readers.Count > 0 && !isStopped) || runs > 0 || hasEnded)
                return;
            hasEnded = true;
            open = opened;
        }

        whenEnded(this);
        if (retained)
            value.Release();
        _ = CloseAsync(open);
    }

    private async Task CloseAsync(OpenedObject? open)
    {
        if (open != null)
            await open.DisposeAsync();
        ended.TrySetResult();
    }
}
