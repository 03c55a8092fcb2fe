using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Storage.Tests.Log;

/// <summary>Has a commit's end awaited.</summary>
internal sealed class CommitListener : ICommitWaiter
{
    private readonly TaskCompletionSource<CacheError?> heard = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<CacheError?> Heard => heard.Task;

    public void Committed(CacheError? failure) => heard.SetResult(failure);
}
