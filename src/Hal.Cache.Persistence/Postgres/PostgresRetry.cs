using Hal.Cache.Contracts;
using Npgsql;

namespace Hal.Cache.Persistence.Postgres;

/// <summary>Repeats a call whose connection was lost, and makes values of what PostgreSQL throws.</summary>
internal sealed class PostgresRetry(PostgresStoreOptions options, TimeProvider time)
{
    // Npgsql asks a server to cancel and waits for it, on the thread that cancels; from a server that hangs nothing comes. Who called does not wait along.
    private static readonly TimeSpan CancellationTimeMax = TimeSpan.FromMilliseconds(250);

    /// <param name="work">Told which try it is, and the limit of them all; it is not to use the caller's token.</param>
    /// <param name="isLimited">All tries together take <see cref="PostgresStoreOptions.CallTimeMax"/> at most.</param>
    /// <param name="cancellation">Ends the waits between tries, too.</param>
    public async Task<Result<T>> RunAsync<T>(Func<PostgresTry, Task<Result<T>>> work, bool isLimited, CancellationToken cancellation)
    {
        var limit = isLimited ? options.CallTimeMax : null;
        using var patience = new CallPatience(limit + CancellationTimeMax, time);
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(patience.Over, cancellation);
        var tries = TriesAsync(work, limit, patience, cancellation);
        try
        {
            return await tries.WaitAsync(waiting.Token);
        }
        catch (OperationCanceledException) when (waiting.IsCancellationRequested)
        {
            if (tries.IsCompleted) return await tries;
            _ = LeaveAsync(tries);
            cancellation.ThrowIfCancellationRequested();
            return Late(null);
        }
    }

    private async Task<Result<T>> TriesAsync<T>(Func<PostgresTry, Task<Result<T>>> work, TimeSpan? max, CallPatience patience, CancellationToken cancellation)
    {
        using var late = max is { } longest ? new CancellationTokenSource(longest, time) : new CancellationTokenSource();
        using var cancelled = new CancellationTokenSource();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(late.Token);
        // Not linked: who cancels would wait for the server, see above. Both are cancelled at once, though who hears of it does so later.
        await using var ofLimit = cancellation.UnsafeRegister(CancelSoon, limit);
        await using var ofCancelled = cancellation.UnsafeRegister(CancelSoon, cancelled);
        var delay = options.RetryDelay;
        NpgsqlException? last = null;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                patience.TryBegins();
                return await work(new PostgresTry(attempt, patience.AnswerBegins, limit.Token, cancelled.Token));
            }
            catch (NpgsqlException failure) when (attempt < options.AttemptsMax && IsPassing(failure) && !limit.IsCancellationRequested)
            {
                last = failure;
            }
            catch (NpgsqlException failure)
            {
                return Error(failure);
            }
            catch (OperationCanceledException) when (late.IsCancellationRequested && !cancellation.IsCancellationRequested)
            {
                return Late(last);
            }
            try
            {
                await Task.Delay(delay, time, limit.Token);
                delay *= 2;
            }
            catch (OperationCanceledException) when (late.IsCancellationRequested && !cancellation.IsCancellationRequested)
            {
                return Late(last);
            }
        }
    }

    private static void CancelSoon(object? source) => _ = ((CancellationTokenSource)source!).CancelAsync();

    // It ends when the server or the connection does; nobody hears how.
    private static async Task LeaveAsync(Task tries)
    {
        try
        {
            await tries;
        }
        catch (Exception failure) when (failure is NpgsqlException or OperationCanceledException or ObjectDisposedException)
        {
            // As above.
        }
    }

    private CacheError Late(NpgsqlException? last) =>
        last is null ? new CacheError(CacheErrorCode.Unavailable, $"PostgreSQL did not answer within {options.CallTimeMax}") : Error(last);

    // Besides what Npgsql calls transient: a pooled connection whose server has gone, and a server that is starting or stopping.
    private static bool IsPassing(NpgsqlException failure) =>
        failure.IsTransient
        || failure.InnerException is IOException or System.Net.Sockets.SocketException
        || failure.SqlState is PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow
            or PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected;

    private static CacheError Error(NpgsqlException failure) => failure.SqlState switch
    {
        PostgresErrorCodes.DiskFull => new CacheError(CacheErrorCode.NoRoom, $"PostgreSQL's disk is full: {failure.Message}"),
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification or PostgresErrorCodes.InsufficientPrivilege
            => new CacheError(CacheErrorCode.Refused, $"PostgreSQL refused: {failure.Message}"),
        PostgresErrorCodes.InvalidCatalogName => new CacheError(CacheErrorCode.NotFound, $"PostgreSQL: {failure.Message}"),
        _ => new CacheError(CacheErrorCode.Unavailable, $"PostgreSQL failed: {failure.Message}"),
    };
}
