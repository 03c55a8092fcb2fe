using Hal.Cache.Contracts;
using Hal.Cache.Storage.Log;
using Hal.Cache.Storage.Memory;

namespace Hal.Cache.Storage;

/// <summary>
/// Says whether a write may start, and lets it wait until reclaiming has made room: in memory, in the log's address space, in its
/// buffer, and among the live bytes.
/// </summary>
internal sealed class RoomGate(PagePool pool, IRecordLog? log, LiveBytes live, StoreLimits limits, TimeProvider time)
{
    /// <summary>Longest time that a write waits while reclaiming gets nowhere.</summary>
    public static readonly TimeSpan StuckAfter = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(100);

    private readonly Lock gate = new();
    private TaskCompletionSource pulse = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool exhausted;
    private long exhaustedLive;
    private long exhaustedMemory;

    /// <summary>Raised when somebody waits for room.</summary>
    public event Action? Wanted;

    /// <summary>Whether no entry may be dropped, so that waiting for live bytes to go is in vain.</summary>
    public Func<bool> KeepsEverything { get; set; } = static () => false;

    /// <summary>True while memory is so full that reclaiming should go on.</summary>
    public bool MemoryIsShort => pool.FreeBytes < limits.MemorySlackBytes;

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
        return log.HasRoom && UsedByLog + bytes <= limits.LogBytesMax - log.SegmentBytes && live.Total + bytes <= limits.LiveBytesMax;
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
            await next.WaitAsync(LookAgain, time, cancellation).ConfigureAwait(false);
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
