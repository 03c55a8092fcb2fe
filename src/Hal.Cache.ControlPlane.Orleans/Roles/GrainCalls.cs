using System.Net.Sockets;
using Hal.Cache.Contracts;
using Microsoft.AspNetCore.Connections;
using Orleans.Runtime;

namespace Hal.Cache.ControlPlane.Orleans.Roles;

/// <summary>Calls grains: a call that is lost on the way, as where a silo dies, is repeated, which every call allows; then it is Unavailable.</summary>
internal sealed class GrainCalls(OrleansPlaneOptions options, TimeProvider time, int? attemptsMax = null)
{
    public async Task<Result<T>> CallAsync<T>(Func<Task<Result<T>>> call, CancellationToken cancellation)
    {
        var begun = time.GetTimestamp();
        string? told = null;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await call();
            }
            // Orleans gives up looking for a grain's place by a cancellation of its own.
            catch (Exception failure) when (IsLoss(failure) || (failure is OperationCanceledException && !cancellation.IsCancellationRequested))
            {
                cancellation.ThrowIfCancellationRequested();
                // A grain that said why it can't begin says more than silence after it does.
                if (told is null || failure is not TimeoutException) told = failure.Message;
                if (attempt >= (attemptsMax ?? options.AttemptsMax) || time.GetElapsedTime(begun) >= options.RetryFor)
                    return new CacheError(CacheErrorCode.Unavailable, $"the control plane's cluster did not answer: {told}");
            }
            await WaitAsync(attempt, cancellation);
        }
    }

    /// <summary>As <see cref="CallAsync"/>, of calls that have no expected failures of their own.</summary>
    public Task<Result<T>> AskAsync<T>(Func<Task<T>> call, CancellationToken cancellation) => CallAsync(async () => Results.Of(await call()), cancellation);

    /// <summary>The pause before another try; it doubles, up to <see cref="OrleansPlaneOptions.RetryDelayMax"/>.</summary>
    public Task WaitAsync(int failures, CancellationToken cancellation)
    {
        var delay = options.RetryDelay * Math.Pow(2, Math.Min(failures - 1, 16));
        return Task.Delay(delay < options.RetryDelayMax ? delay : options.RetryDelayMax, time, cancellation);
    }

    /// <summary>True where the cluster failed and not the caller: a silo that died, no answer, no way to it, or this member is joining again.</summary>
    public static bool IsLoss(Exception failure) => failure
        is OrleansException or TimeoutException or ObjectDisposedException or ConnectionAbortedException or SocketException or EnumerationAbortedException;
}
