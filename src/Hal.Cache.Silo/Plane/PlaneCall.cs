using Hal.Cache.Contracts;

namespace Hal.Cache.Silo.Plane;

/// <summary>Calls of a control plane that may be far away, or gone.</summary>
internal static class PlaneCall
{
    /// <summary>An answer that takes longer counts as none.</summary>
    public static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(5);

    /// <summary>The answer, or Unavailable; throws only where the caller itself cancels.</summary>
    public static async Task<Result<T>> RunAsync<T>(Func<CancellationToken, Task<Result<T>>> call, TimeProvider time, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(AnswerMax, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            return await call(either.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new CacheError(CacheErrorCode.Unavailable, "the control plane did not answer in time");
        }
    }
}
