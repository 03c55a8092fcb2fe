namespace Hal.Cache.Testing.Time;

/// <summary>A clock that stands still until it is advanced; timers run inside <see cref="Advance"/>, in the order they are due.</summary>
/// <remarks>
/// Each timer sees the time at which it was due. A timer that is due at once runs inside the call that made or changed it. Callbacks run
/// without the lock held, on the thread that advances: only one may advance at a time.
/// </remarks>
public sealed class ManualTimeProvider(DateTimeOffset start) : TimeProvider
{
    private readonly Lock gate = new();
    private readonly PriorityQueue<(ManualTimer Timer, long Setting), (long Due, long Order)> queue = new();
    private readonly List<(int Count, TaskCompletionSource Reached)> waiting = [];
    private long now;
    private long order;
    private int armed;
    private bool advancing;

    public ManualTimeProvider()
        : this(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero))
    {
    }

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Timers that will run once the time comes.</summary>
    public int ArmedTimers
    {
        get
        {
            lock (gate)
            {
                return armed;
            }
        }
    }

    public override DateTimeOffset GetUtcNow() => start + TimeSpan.FromTicks(GetTimestamp());

    public override long GetTimestamp() => Interlocked.Read(ref now);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock and runs every timer that is due by then, those made on the way included.</summary>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        lock (gate)
        {
            if (advancing)
            {
                throw new InvalidOperationException("The clock is being advanced already, by another thread or from a timer's callback.");
            }

            advancing = true;
        }

        try
        {
            var end = GetTimestamp() + by.Ticks;
            while (TakeDue(end) is { } timer)
            {
                timer.Run();
            }

            Interlocked.Exchange(ref now, end);
        }
        finally
        {
            lock (gate)
            {
                advancing = false;
            }
        }
    }

    /// <summary>Completes when at least <paramref name="count"/> timers are armed: the code under test has come to its delay.</summary>
    public Task WhenArmedAsync(int count)
    {
        lock (gate)
        {
            if (armed >= count)
            {
                return Task.CompletedTask;
            }

            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting.Add((count, reached));
            return reached.Task;
        }
    }

    private ManualTimer? TakeDue(long until)
    {
        lock (gate)
        {
            while (queue.TryPeek(out var entry, out var key) && key.Due <= until)
            {
                queue.Dequeue();
                if (entry.Timer.Setting != entry.Setting)
                {
                    continue; // changed or disposed since
                }

                Interlocked.Exchange(ref now, Math.Max(now, key.Due));
                Rearm(entry.Timer, key.Due);
                return entry.Timer;
            }

            return null;
        }
    }

    private void Rearm(ManualTimer timer, long due)
    {
        if (timer.Period > TimeSpan.Zero)
        {
            queue.Enqueue((timer, timer.Setting), (due + timer.Period.Ticks, order++));
        }
        else
        {
            Disarm(timer);
        }
    }

    private void Disarm(ManualTimer timer)
    {
        timer.Setting++;
        armed -= timer.IsArmed ? 1 : 0;
        timer.IsArmed = false;
    }

    private bool Set(ManualTimer timer, TimeSpan due, TimeSpan period)
    {
        lock (gate)
        {
            if (timer.IsDisposed)
            {
                return false;
            }

            Disarm(timer);
            timer.Period = period;
            if (due > TimeSpan.Zero || (due == TimeSpan.Zero && period > TimeSpan.Zero))
            {
                timer.IsArmed = true;
                armed++;
                queue.Enqueue((timer, timer.Setting), (now + (due > TimeSpan.Zero ? due : period).Ticks, order++));
                waiting.RemoveAll(each => armed >= each.Count && each.Reached.TrySetResult());
            }
        }

        if (due == TimeSpan.Zero)
        {
            timer.Run();
        }

        return true;
    }

    private void End(ManualTimer timer)
    {
        lock (gate)
        {
            Disarm(timer);
            timer.IsDisposed = true;
        }
    }

    private sealed class ManualTimer(ManualTimeProvider clock, TimerCallback callback, object? state) : ITimer
    {
        /// <summary>Counts the changes, so that what is queued for an earlier setting is known to be void.</summary>
        public long Setting { get; set; }

        public TimeSpan Period { get; set; }

        public bool IsArmed { get; set; }

        public bool IsDisposed { get; set; }

        public void Run() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(dueTime, Timeout.InfiniteTimeSpan);
            ArgumentOutOfRangeException.ThrowIfLessThan(period, Timeout.InfiniteTimeSpan);
            return clock.Set(this, dueTime, period);
        }

        public void Dispose() => clock.End(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
