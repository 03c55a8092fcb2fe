using FASTER.core;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Storage.Log;

/// <summary>
/// The one thread that writes, syncs and truncates the log's files. Everyone who waits for a commit at one moment shares one group; a
/// write that fails is tried again until it succeeds, while the waiters get the error.
/// </summary>
internal sealed class LogWriter : IDisposable
{
    private const int ErrnoNoSpace = 28;
    private const int ErrnoQuota = 122;
    private const int HResultDiskFull = unchecked((int)0x80070070);

    private readonly ISegmentFiles files;
    private readonly RecordLogOptions options;
    private readonly uint seed;
    private readonly long roomBytes;
    private readonly Lock gate = new();
    private readonly ManualResetEventSlim work = new(false, spinCount: 0);
    private readonly Thread thread;
    private readonly ITimer retry;
    private readonly ITimer? interval;

    // Under the gate.
    private readonly Queue<WriteRequest> arrived = new();
    private CommitGroup? next;
    private CommitGroup? current;
    private long currentTarget;
    private (long Address, long After) truncation;
    private CommitGroup? truncated;
    private TaskCompletionSource? room;
    private CacheError? refusal;
    private bool stopping;

    // The writer thread's own.
    private readonly List<WriteRequest> pending = [];
    private FasterLog log = null!;
    private LogMark mark;
    private long written;
    private long uncheckedBytes;
    private bool writeFails;
    private bool lowSpace;
    private bool broken;

    private long committed;
    private long wanted;
    private long begin;
    private volatile bool refuses;
    private volatile LogHealth health = LogHealth.Ok;

    public LogWriter(ISegmentFiles files, RecordLogOptions options, LogMark mark, uint seed, TimeProvider time)
    {
        (this.files, this.options, this.mark, this.seed) = (files, options, mark, seed);
        (begin, committed, written) = (mark.Begin, mark.Committed, mark.Committed);
        roomBytes = BufferBytes(options.BufferBytes, mark.PageBytes) - 2L * mark.PageBytes;
        uncheckedBytes = mark.SegmentBytes; // look at the free space before the first write
        retry = time.CreateTimer(_ => work.Set(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        if (options.Durability == LogDurability.Interval)
            interval = time.CreateTimer(_ => RequestCommit(), null, options.CommitInterval, options.CommitInterval);
        thread = new Thread(Run) { IsBackground = true, Name = "hal-log-writer" };
    }

    public event Action<LogHealth>? HealthChanged;

    public long CommittedUntil => Volatile.Read(ref committed);

    public long BeginAddress => Volatile.Read(ref begin);

    public LogHealth Health => health;

    /// <summary>True while the device fails: what is appended now might never reach it.</summary>
    public bool Refuses => refuses;

    public bool HasRoom => health.State == LogState.Ok && log.TailAddress - log.FlushedUntilAddress <= roomBytes;

    public static int BufferBytes(int wanted, int pageBytes) => Math.Max(wanted, RecordLogOptions.PagesMin * pageBytes);

    public void Start(FasterLog log)
    {
        this.log = log;
        thread.Start();
    }

    public void Enqueue(WriteRequest request)
    {
        lock (gate)
            arrived.Enqueue(request);
        work.Set();
    }

    public ValueTask<CacheError?> WaitForCommitAsync(long address, CancellationToken cancellation)
    {
        if (Join(address, null, out var refused) is not { } group)
            return new(refused);
        return new(cancellation.CanBeCanceled ? group.Task.WaitAsync(cancellation) : group.Task);
    }

    public void TellCommitted(long address, ICommitWaiter waiter)
    {
        if (Join(address, waiter, out var refused) is null)
            waiter.Committed(refused);
    }

    public async ValueTask<CacheError?> WaitForRoomAsync(CancellationToken cancellation)
    {
        while (true)
        {
            Task wait;
            lock (gate)
            {
                if (health.State != LogState.Ok)
                    return ErrorOf(health);
                room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                wait = room.Task;
            }

            if (HasRoom) // after the wait is registered, so that none is missed
                return null;
            await wait.WaitAsync(cancellation);
        }
    }

    public Task<CacheError?> TruncateAsync(long address)
    {
        Task<CacheError?> done;
        lock (gate)
        {
            if (address <= begin)
                return Task.FromResult<CacheError?>(null);
            if (address > truncation.Address)
                truncation = (address, log.TailAddress);
            done = refusal is null ? (truncated ??= new CommitGroup()).Task : Task.FromResult<CacheError?>(refusal);
            next ??= new CommitGroup();
        }

        work.Set();
        return done;
    }

    /// <summary>Ends the thread; what is not committed by then stays so.</summary>
    public void Dispose()
    {
        lock (gate)
            stopping = true;
        work.Set();
        if (thread.IsAlive)
            thread.Join();
        retry.Dispose();
        interval?.Dispose();
        FailWaiters(new CacheError(CacheErrorCode.Unavailable, "The log is closed."));
        work.Dispose();
    }

    /// <summary>The group that is to commit the address; null where it is committed, or refused.</summary>
    private CommitGroup? Join(long address, ICommitWaiter? waiter, out CacheError? refused)
    {
        refused = null;
        if (address < CommittedUntil)
            return null;
        CommitGroup group;
        var wake = false;
        lock (gate)
        {
            if (address < committed || (refused = refusal) is not null)
                return null;
            wake = next is null;
            if (current is not null && address < currentTarget)
                (group, wake) = (current, false);
            else
                group = next ??= new CommitGroup();
            if (waiter is not null)
                group.Add(waiter);
        }

        if (wake)
            work.Set();
        return group;
    }

    /// <summary>Has the interval's next commit take place, and reach this record at least.</summary>
    public void Want(long address)
    {
        long before = Volatile.Read(ref wanted);
        while (address > before && Interlocked.CompareExchange(ref wanted, address, before) is var now && now != before)
            before = now;
    }

    private void RequestCommit()
    {
        lock (gate)
        {
            if (committed > Volatile.Read(ref wanted) || stopping)
                return;
            next ??= new CommitGroup();
        }

        work.Set();
    }

    private void Run()
    {
        while (true)
        {
            work.Wait();
            work.Reset();
            lock (gate)
                if (stopping)
                    break;
            try
            {
                while (WritePending() && AdvanceCommit())
                {
                }
            }
            catch (Exception e)
            {
                // After a failed sync the kernel forgets which pages were lost: to go on would be to promise what may not be there. A bug
                // gets the same answer, since an exception that leaves this thread would end the process.
                broken = true;
                UpdateHealth($"The log can't be made durable, restart to recover: {e.Message}");
            }
        }
    }

    private bool WritePending()
    {
        if (broken)
            return false;
        while (NextWrite() is >= 0 and var first)
        {
            var request = pending[first];
            CheckSpace(request.Length);
            try
            {
                files.Write(request.Address / mark.SegmentBytes, (int)(request.Address % mark.SegmentBytes), request.Bytes);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                writeFails = true;
                UpdateHealth(e.Message, IsDiskFull(e, request.Length) ? LogState.DiskFull : LogState.Failed);
                return false;
            }

            pending.RemoveAt(first);
            request.Complete();
            written = Math.Max(written, log.FlushedUntilAddress); // not the request's end, which is the end of a sector
            writeFails = false;
            UpdateHealth("");
            ReleaseRoom();
        }

        if (lowSpace)
            CheckSpace(mark.SegmentBytes);
        return true;
    }

    // FASTER's threads may hand pages over out of order; written in order, a crash leaves a prefix.
    private int NextWrite()
    {
        lock (gate)
            while (arrived.TryDequeue(out var request))
                pending.Add(request);
        return pending.FindIndex(request => request.Address <= written);
    }

    // One step towards the next commit; true when there may be more to do at once.
    private bool AdvanceCommit()
    {
        bool starts;
        lock (gate)
        {
            starts = current is null;
            if (starts)
            {
                if (next is null)
                    return false;
                (current, next) = (next, null);
                currentTarget = log.TailAddress; // all in the group appended before they joined it
            }
        }

        if (starts)
        {
            log.Commit(); // its writes arrive at Enqueue, from here or from the last thread that is still appending
            return true;
        }

        var until = log.FlushedUntilAddress;
        if (until < currentTarget)
            return false;
        files.Sync();
        Volatile.Write(ref committed, until);
        WriteMark();
        CommitGroup done;
        lock (gate)
            (done, current) = (current!, null);
        done.End(null);
        Truncate();
        return true;
    }

    private void WriteMark(bool durable = false)
    {
        mark = mark with { Sequence = mark.Sequence + 1, Begin = begin, Committed = committed };
        Span<byte> slot = stackalloc byte[LogMark.SlotBytes];
        mark.WriteTo(slot, seed);
        files.WriteMark(mark.Offset, slot, durable);
    }

    // What was copied ahead is durable by now, then the new begin is, then the files go: a crash in between leaves too much, never too little.
    private void Truncate()
    {
        long address;
        lock (gate)
        {
            if (truncation.Address == 0 || truncation.After > committed)
                return;
            address = truncation.Address;
            truncation = default;
        }

        Volatile.Write(ref begin, address);
        WriteMark(durable: true);
        foreach (var segment in files.Segments)
        {
            if (segment >= address / mark.SegmentBytes)
                break;
            files.Delete(segment);
        }

        if (lowSpace)
            CheckSpace(mark.SegmentBytes);
        CommitGroup? done = null;
        lock (gate)
            if (truncation.Address == 0) // or who came meanwhile would hear of it too soon
                (done, truncated) = (truncated, null);
        done?.End(null);
    }

    private void CheckSpace(int bytes)
    {
        uncheckedBytes += bytes;
        if (uncheckedBytes < mark.SegmentBytes && !lowSpace)
            return;
        uncheckedBytes = 0;
        lowSpace = FreeBytes() < options.FreeDiskReserveBytes;
        if (!writeFails)
            UpdateHealth("");
    }

    private void UpdateHealth(string text, LogState failure = LogState.Failed)
    {
        var now = broken || writeFails ? new LogHealth(failure, text)
            : lowSpace ? new LogHealth(LogState.DiskFull, $"Less than {options.FreeDiskReserveBytes} bytes are free on the file system.")
            : LogHealth.Ok;
        var failing = broken || writeFails;
        if (writeFails || lowSpace)
            retry.Change(options.RetryInterval, Timeout.InfiniteTimeSpan);
        if (now == health)
            return;
        lock (gate)
        {
            health = now;
            refuses = failing;
            refusal = failing ? ErrorOf(now) : null;
            if (!failing && truncation.Address != 0) // its group got the error
                next ??= new CommitGroup();
        }

        if (refusal is not null)
            FailWaiters(refusal);
        ReleaseRoom();
        if (HealthChanged is { } changed)
            ThreadPool.QueueUserWorkItem(static x => x.changed(x.now), (changed, now), preferLocal: false);
    }

    private void FailWaiters(CacheError error)
    {
        CommitGroup? first, second, third;
        lock (gate)
            (first, second, third, current, next, truncated) = (current, next, truncated, null, null, null);
        first?.End(error);
        second?.End(error);
        third?.End(error);
    }

    private void ReleaseRoom()
    {
        TaskCompletionSource? waiting;
        lock (gate)
        {
            if (room is null || (health.State == LogState.Ok && !HasRoom))
                return;
            (waiting, room) = (room, null);
        }

        waiting.SetResult();
    }

    private static CacheError ErrorOf(LogHealth health) =>
        new(health.State == LogState.DiskFull ? CacheErrorCode.NoRoom : CacheErrorCode.Unavailable, health.Text);

    private bool IsDiskFull(Exception e, int bytes) =>
        e.HResult is ErrnoNoSpace or ErrnoQuota or HResultDiskFull || FreeBytes() < bytes;

    private long FreeBytes()
    {
        try
        {
            return files.FreeBytes();
        }
        catch (IOException) // not known: the writes themselves will tell
        {
            return long.MaxValue;
        }
    }
}
