using Hal.Cache.Contracts;
using Npgsql;

namespace Hal.Cache.Persistence.Postgres;

/// <summary>Repeats a call whose connection was lost, and makes values of what PostgreSQL throws.</summary>
internal sealed class PostgresRetry(PostgresStoreOptions options, TimeProvider time)
{
    /// <param name="work">Told the number of the try, from 1, and the limit of them all.</param>
    /// <param name="isLimited">All tries together take <see cref="PostgresStoreOptions.CallTimeMax"/> at most.</param>
    /// <param name="cancellation">Ends the waits between tries, too.</param>
    public async Task<Result<T>> RunAsync<T>(Func<int, CancellationToken, Task<Result<T>>> work, bool isLimited, CancellationToken cancellation)
    {
        using var late = isLimited && options.CallTimeMax is { } max ? new CancellationTokenSource(max, time) : new CancellationTokenSource();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
        var delay = options.RetryDelay;
        NpgsqlException? last = null;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await work(attempt, limit.Token);
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
