namespace Hal.Cache.Node.Fetch;

/// <summary>One fetch of a key and those who wait for it.</summary>
internal sealed class KeyFlight : IDisposable
{
    private readonly CancellationTokenSource cancel = new();
    private readonly TaskCompletionSource<FetchOutcome> done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Guarded by the lock of the table of flights.</summary>
    public int Waiters { get; set; } = 1;

    public CancellationToken Cancellation => cancel.Token;

    public Task<FetchOutcome> Done => done.Task;

    public void Complete(in FetchOutcome outcome) => done.TrySetResult(outcome);

    public void Fail(Exception bug) => done.TrySetException(bug);

    public void Cancel() => cancel.Cancel();

    public void Dispose() => cancel.Dispose();
}
