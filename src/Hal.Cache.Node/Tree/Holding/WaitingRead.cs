using Hal.Cache.Node.Fetch;

namespace Hal.Cache.Node.Tree.Holding;

/// <summary>
/// A command's wait for one key or several, which goes on when the last of them has ended. Used under the lock of the copies' host.
/// </summary>
/// <param name="first">The number of its first key's read; the others' follow.</param>
/// <param name="count">Keys that it waits for.</param>
/// <param name="goesOnAtOnce">Whether it may go on on the thread that ends it.</param>
internal sealed class WaitingRead(long first, int count, bool goesOnAtOnce)
    : TaskCompletionSource(goesOnAtOnce ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously)
{
    private readonly FetchOutcome[]? outcomes = count > 1 ? new FetchOutcome[count] : null;
    private FetchOutcome only;
    private int left = count;

    public long First => first;

    public int Count { get; } = count;

    public bool GoesOnAtOnce { get; } = goesOnAtOnce;

    /// <summary>How the read of a key ended, once all have.</summary>
    public FetchOutcome this[int index] => outcomes is null ? only : outcomes[index];

    /// <summary>Ends the read of that number; true where it was the last one.</summary>
    public bool TryEnd(long read, in FetchOutcome outcome)
    {
        if (outcomes is null)
            only = outcome;
        else
            outcomes[read - first] = outcome;
        return --left == 0;
    }
}
