namespace Hal.Cache.Persistence.Postgres;

/// <summary>How long a caller waits for a call with all its tries; without an end while an answer that has begun is read. Thread-safe.</summary>
/// <param name="max">Null: as long as they take.</param>
internal sealed class CallPatience(TimeSpan? max, TimeProvider time) : IDisposable
{
    // A timer's smallest step: none at all would end the wait inside of the call that sets it.
    private static readonly TimeSpan LeftMin = TimeSpan.FromMilliseconds(1);

    private readonly Lock gate = new();
    private readonly CancellationTokenSource over = new(max ?? Timeout.InfiniteTimeSpan, time);
    private readonly long began = time.GetTimestamp();
    private bool isDisposed;

    /// <summary>The caller waits no longer.</summary>
    public CancellationToken Over => over.Token;

    /// <summary>Ends the exception that the answer of the try before had, if that broke.</summary>
    public void TryBegins()
    {
        if (max is not { } all) return;
        var left = all - time.GetElapsedTime(began);
        Set(left > LeftMin ? left : LeftMin);
    }

    public void AnswerBegins() => Set(Timeout.InfiniteTimeSpan);

    public void Dispose()
    {
        lock (gate) isDisposed = true;
        over.Dispose();
    }

    private void Set(TimeSpan left)
    {
        lock (gate)
        {
            // What is left to itself goes on when nobody waits for it any more.
            if (!isDisposed) over.CancelAfter(left);
        }
    }
}
