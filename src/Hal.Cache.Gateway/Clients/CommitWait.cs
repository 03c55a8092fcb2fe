using System.Threading.Tasks.Sources;
using Hal.Cache.Contracts;

namespace Hal.Cache.Gateway.Clients;

/// <summary>One connection's wait for a commit, used again and again; it goes on where it is completed.</summary>
internal sealed class CommitWait : IValueTaskSource<CacheError?>
{
    private ManualResetValueTaskSourceCore<CacheError?> core;

    public ValueTask<CacheError?> Begin()
    {
        core.Reset();
        return new(this, core.Version);
    }

    public void Complete(CacheError? failure) => core.SetResult(failure);

    CacheError? IValueTaskSource<CacheError?>.GetResult(short token) => core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<CacheError?>.GetStatus(short token) => core.GetStatus(token);

    void IValueTaskSource<CacheError?>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        core.OnCompleted(continuation, state, token, flags);
}
