using Hal.Cache.Contracts;
using Hal.Cache.Storage.Log;
using Hal.Cache.Storage.Memory;

namespace Hal.Cache.Storage;

/// <summary>
/// Says whether a write may start, and lets it wait until reclaiming has made room: in memory, in the log's address space, in its
/// buffer, and among the live bytes.
/// </summary>
internal sealed class RoomGate(PagePool pool, IRecordLog? log, LiveBytes live, StoreLimits limits, TimeProvider time) : IDisposable
{
    /// <summary>Longest time that a write waits while reclaiming gets nowhere.</summary>
    public static readonly TimeSpan StuckAfter = TimeSpan.FromSeconds(5);

    /// <summary>Longest wait for one pulse: reclaiming may have nothing to do but wait for the disk.</summary>
    private static readonly TimeSpan PulseWait = TimeSpan.FromMilliseconds(100);

    private readonly Lock gate = new();
    private TaskCompletionSource pulse = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool exhausted;
    private volatile bool reclaimWaits;
    private long exhaustedLive;
    private long exhaustedMemory;
    private bool refused;
    private readonly SemaphoreSlim oneLoad = new(1, 1);
    private long demanded;

    /// <summary>Raised when somebody waits for room.</summary>
    public event Action? Wanted;

    /// <summary>Whether no entry may be dropped, so that waiting for live bytes to go is in vain.</summary>
    public Func<bool> KeepsEverything { get; set; } = static () => false;

    /// <summary>True while memory is so full that reclaiming should go on.</summary>
    public bool MemoryIsShort => pool.FreeBytes < limits.MemorySlackBytes + DemandedBytes;

    /// <summary>True where less is free than twice what reclaiming keeps free: what comes now soon moves something else out of memory.</summary>
    public bool MemoryIsScarce => pool.FreeBytes < 2 * limits.MemorySlackBytes;

    /// <summary>What loads of big objects wait for, beyond the slack.</summary>
    public long DemandedBytes => Volatile.Read(ref demanded);

    public bool LogIsShort => log != null && UsedByLog > limits.LogBytesMax - (3L * log.SegmentBytes);

    public bool LiveIsShort => log != null && live.Total > limits.LiveBytesMax - limits.LiveSlackBytes;

    private long UsedByLog => log!.TailAddress - (log.BeginAddress & ~((long)log.SegmentBytes - 1));

    public bool HasRoom(long bytes)
    {
        if (MemoryIsShort)
            Wanted?.Invoke();
        if (pool.FreeBytes < Math.Min(bytes, limits.MemorySlackBytes) + PagePool.PageBytes)
            return false;
        if (log == null)
            return true;
        if (LogIsShort || LiveIsShort)
            Wanted?.Invoke();
        return LogTakes(bytes);
    }

    /// <summary>Whether the log has room for so many bytes more, and they are no more than may be live: of a value whose memory is there already.</summary>
    public bool LogTakes(long bytes) =>
        log == null || (log.HasRoom && UsedByLog + bytes <= limits.LogBytesMax - log.SegmentBytes && live.Total + bytes <= limits.LiveBytesMax);

    /// <summary>
    /// Takes memory for a load, however much, as reclaiming frees it, and in any case where nothing more can be given up: for the caller to
    /// <see cref="GiveMemory"/> back when the loaded value is counted.
    /// </summary>
    public ValueTask TakeMemoryAsync(long bytes, CancellationToken cancellation)
    {
        if (!MemoryHas(bytes))
            return TakeSlowlyAsync(bytes, cancellation);
        pool.AddOverhead(bytes);
        return default;
    }

    public void GiveMemory(long bytes) => pool.AddOverhead(-bytes);

    /// <summary>Whether the log's files may take so many bytes more.</summary>
    public bool LogHas(long bytes) => log == null || UsedByLog + bytes <= limits.LogBytesMax - log.SegmentBytes;

    /// <summary>Somebody was told Full since an object is being written, and will wait here for <see cref="Lift"/>.</summary>
    public void Refused() => Volatile.Write(ref refused, true);

    /// <summary>An object takes changes again.</summary>
    public void Lift() => Wake();

    /// <summary>Blocks until the next pulse, or for a moment.</summary>
    public void WaitForPulse() => NextPulse().Wait(PulseWait);

    /// <summary>
    /// Blocks for a while, until reclaiming has made room in the log's files or waits for the caller itself: for background work that is no
    /// part of reclaiming.
    /// </summary>
    public void WaitForLog(long bytes)
    {
        long since = time.GetTimestamp();
        while (!LogHas(bytes) && !reclaimWaits && time.GetElapsedTime(since) < StuckAfter)
        {
            Task next = NextPulse();
            Wanted?.Invoke();
            next.Wait(PulseWait);
        }
    }

    /// <summary>Reclaiming waits for background work, which must not wait for reclaiming meanwhile.</summary>
    public void SetReclaimWaits(bool waits)
    {
        reclaimWaits = waits;
        Wake();
    }

    /// <summary>
    /// Waits until memory alone has room, as a read needs it. Where nothing more can be given up the read goes on nevertheless: a full
    /// store refuses writes, never reads, and what is read in that way is the first that reclaiming takes back.
    /// </summary>
    public async ValueTask MakeMemoryAsync(long bytes, CancellationToken cancellation)
    {
        long since = time.GetTimestamp();
        while (!MemoryHas(bytes) && !IsExhausted() && time.GetElapsedTime(since) <= StuckAfter)
        {
            Task next = NextPulse();
            if (!MemoryHas(bytes))
                await WaitAsync(next, cancellation).ConfigureAwait(false);
        }
    }

    public async ValueTask<CacheError?> MakeRoomAsync(long bytes, CancellationToken cancellation)
    {
        if (log != null && bytes > limits.LiveBytesMax)
            return NoRoom();
        long since = time.GetTimestamp();
        Task lift = NextPulse();
        if (Volatile.Read(ref refused) && Interlocked.Exchange(ref refused, false))
            await WaitAsync(lift, cancellation).ConfigureAwait(false);
        while (!HasRoom(bytes))
        {
            if (log is { HasRoom: false } && log.Health.State != LogState.Ok)
                return new CacheError(CacheErrorCode.Unavailable, log.Health.Text);
            if (IsExhausted() || (log != null && live.Total + bytes > limits.LiveBytesMax && KeepsEverything()))
                return NoRoom();
            if (log is { HasRoom: false })
            {
                if (await log.WaitForRoomAsync(cancellation).ConfigureAwait(false) is { } error)
                    return error;
                continue;
            }

            if (time.GetElapsedTime(since) > StuckAfter)
                return NoRoom();
            Task next = NextPulse();
            if (HasRoom(bytes))
                return null;
            await WaitAsync(next, cancellation).ConfigureAwait(false);
        }

        return null;
    }

    /// <summary>Reclaiming has made room, or may have.</summary>
    public void Pulse()
    {
        exhausted = false;
        Wake();
    }

    /// <summary>Reclaiming has walked everything and found nothing to give up: writes fail at once until something goes.</summary>
    public void Exhausted()
    {
        (exhaustedLive, exhaustedMemory) = (live.Total, pool.UsedBytes);
        exhausted = true;
        Wake();
    }

    // Load by load, or two that have half of what they need would wait for each other.
    private async ValueTask TakeSlowlyAsync(long bytes, CancellationToken cancellation)
    {
        await oneLoad.WaitAsync(cancellation).ConfigureAwait(false);
        long taken = 0;
        try
        {
            for (long since = time.GetTimestamp(); taken < bytes;)
            {
                Task next = NextPulse();
                long some = Math.Min(bytes - taken, pool.FreeBytes - PagePool.PageBytes);
                if (some > 0)
                {
                    pool.AddOverhead(some);
                    taken += some;
                    since = time.GetTimestamp();
                    continue;
                }

                if (IsExhausted() || time.GetElapsedTime(since) > StuckAfter)
                    break;
                Volatile.Write(ref demanded, bytes - taken);
                Wanted?.Invoke();
                await WaitAsync(next, cancellation).ConfigureAwait(false);
            }

            pool.AddOverhead(bytes - taken);
        }
        catch (OperationCanceledException)
        {
            pool.AddOverhead(-taken);
            throw;
        }
        finally
        {
            Volatile.Write(ref demanded, 0);
            oneLoad.Release();
        }
    }

    public void Dispose() => oneLoad.Dispose();

    private static CacheError NoRoom() => new(CacheErrorCode.NoRoom, "memory or disk is used up and nothing may be evicted");

    private bool IsExhausted()
    {
        if (exhausted && (live.Total < exhaustedLive || pool.UsedBytes < exhaustedMemory))
            exhausted = false;
        return exhausted;
    }

    private bool MemoryHas(long bytes) => pool.FreeBytes >= bytes + PagePool.PageBytes;

    /// <summary>Has reclaiming begin; what is waited for is taken first, so that no pulse is missed.</summary>
    private Task NextPulse()
    {
        Task next;
        lock (gate)
            next = pulse.Task;
        Wanted?.Invoke();
        return next;
    }

    private async ValueTask WaitAsync(Task next, CancellationToken cancellation)
    {
        try
        {
            await next.WaitAsync(PulseWait, time, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Reclaiming may have nothing to do but wait for the disk; we look again.
        }
    }

    private void Wake()
    {
        TaskCompletionSource done;
        lock (gate)
        {
            done = pulse;
            pulse = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        done.SetResult();
    }
}
