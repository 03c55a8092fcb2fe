using System.IO.Pipelines;

namespace Hal.Cache.Gateway.Clients;

/// <summary>
/// Cancels a send that a client keeps waiting for too long. Its timer stays set from one wait to the next, and looks when it fires whether
/// there is one: most waits are short, and to set and to end a timer for each costs more than they do. Thread-safe.
/// </summary>
internal sealed class StuckSends(PipeWriter output, TimeProvider time) : IDisposable
{
    private readonly Lock gate = new();
    private ITimer? timer;
    private bool isSet;
    private long firesAt; // a timestamp, as those below
    private bool isWaiting;
    private long endsAt;

    /// <summary>A send waits from now on, and is cancelled after so long.</summary>
    public void Begin(TimeSpan after)
    {
        lock (gate)
        {
            isWaiting = true;
            endsAt = time.GetTimestamp() + (long)(after.TotalSeconds * time.TimestampFrequency);
            if (!isSet || firesAt > endsAt)
                Set(after);
        }
    }

    /// <summary>It is over.</summary>
    public void End()
    {
        lock (gate)
            isWaiting = false;
    }

    public void Dispose()
    {
        lock (gate)
        {
            isWaiting = false;
            timer?.Dispose();
        }
    }

    private void Set(TimeSpan after)
    {
        (isSet, firesAt) = (true, endsAt);
        timer ??= time.CreateTimer(static sends => ((StuckSends)sends!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        timer.Change(TimeSpan.FromMilliseconds(Math.Ceiling(after.TotalMilliseconds)), Timeout.InfiniteTimeSpan); // timers know no parts of one
    }

    private void Look()
    {
        lock (gate)
        {
            isSet = false;
            if (!isWaiting)
                return;
            TimeSpan left = time.GetElapsedTime(time.GetTimestamp(), endsAt);
            if (left > TimeSpan.Zero)
            {
                Set(left);
                return;
            }

            isWaiting = false;
            output.CancelPendingFlush();
        }
    }
}
