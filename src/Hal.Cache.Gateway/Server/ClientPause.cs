using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Gateway.Server;

/// <summary>
/// CLIENT PAUSE: commands that have to wait, until when; no key is removed for its age meanwhile. Thread-safe; costs one read of a field while
/// nothing is paused.
/// </summary>
internal sealed class ClientPause(TimeProvider time, IBlobStore store)
{
    private readonly Lock gate = new();
    private TaskCompletionSource? ended;
    private ITimer? timer;
    private DateTimeOffset until;
    private volatile bool active;
    private int waiting;

    public bool IsActive => active;

    /// <summary>Only commands that may write wait.</summary>
    public bool WritesOnly { get; private set; }

    /// <summary>Milliseconds that are left.</summary>
    public long Remaining => active ? Math.Max(0, (long)(until - time.GetUtcNow()).TotalMilliseconds) : 0;

    /// <summary>Begins a pause or makes the current one longer or stricter; never shorter.</summary>
    public void Start(TimeSpan length, bool writesOnly)
    {
        lock (gate)
        {
            DateTimeOffset now = time.GetUtcNow();
            DateTimeOffset end = length < DateTimeOffset.MaxValue - now ? now + length : DateTimeOffset.MaxValue;
            WritesOnly = active ? WritesOnly && writesOnly : writesOnly;
            until = active && until > end ? until : end;
            ended ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            active = store.KeepsExpired = true;
            timer?.Dispose();
            SetTimer(until - now);
        }
    }

    public void End()
    {
        lock (gate)
        {
            active = store.KeepsExpired = false;
            timer?.Dispose();
            timer = null;
            ended?.SetResult();
            ended = null;
        }
    }

    private void SetTimer(TimeSpan due) =>
        timer = time.CreateTimer(_ => EndIfDue(), null, due < TimerMax ? due : TimerMax, Timeout.InfiniteTimeSpan);

    // It may have been made longer while the timer waited for the lock, and a timer can't wait for as long as a pause may last.
    private void EndIfDue()
    {
        lock (gate)
        {
            if (!active) return;
            TimeSpan left = until - time.GetUtcNow();
            if (left <= TimeSpan.Zero)
            {
                End();
                return;
            }

            timer?.Dispose();
            SetTimer(left);
        }
    }

    /// <summary>Whether the command has to wait: of CLIENT's own only PAUSE does, so that a pause can be ended.</summary>
    public bool Holds(CommandSpec spec, bool mayWrite) =>
        active && (!WritesOnly || mayWrite) && ((spec.Container ?? spec).Name != "client" || spec.Name == "pause");

    /// <summary>Number of clients whose commands wait.</summary>
    public int Waiting => Volatile.Read(ref waiting);

    /// <summary>Completes at the pause's end.</summary>
    public async Task WaitAsync(CancellationToken cancellation)
    {
        Task end;
        lock (gate) end = ended?.Task ?? Task.CompletedTask;
        Interlocked.Increment(ref waiting);
        try
        {
            await end.WaitAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref waiting);
        }
    }

    // The longest time that a timer takes is a little more.
    private static readonly TimeSpan TimerMax = TimeSpan.FromDays(40);
}
