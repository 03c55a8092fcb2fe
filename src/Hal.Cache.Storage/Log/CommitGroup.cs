using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Storage.Log;

/// <summary>All who wait for one commit; completes with null or with why it failed.</summary>
internal sealed class CommitGroup() : TaskCompletionSource<CacheError?>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    private List<ICommitWaiter>? waiters;

    /// <summary>Under the writer's gate, while the group is known there.</summary>
    public void Add(ICommitWaiter waiter) => (waiters ??= []).Add(waiter);

    public void End(CacheError? failure)
    {
        if (!TrySetResult(failure) || waiters is null)
            return;
        foreach (var waiter in waiters)
            waiter.Committed(failure);
    }
}
