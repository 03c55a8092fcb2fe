using Hal.Cache.Contracts;
using Npgsql;

namespace Hal.Cache.Persistence.Postgres;

/// <summary>Repeats a call whose connection was lost, and makes values of what PostgreSQL throws.</summary>
internal sealed class PostgresRetry(PostgresStoreOptions options, TimeProvider time)
{
    /// <param name="work">Told the number of the try, from 1.</param>
    /// <param name="cancellation">Ends the waits between tries, too.</param>
    public async Task<Result<T>> RunAsync<T>(Func<int, Task<Result<T>>> work, CancellationToken cancellation)
    {
        var delay = options.RetryDelay;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await work(attempt);
            }
            catch (NpgsqlException failure) when (attempt < options.AttemptsMax && IsPassing(failure))
            {
                await Task.Delay(delay, time, cancellation);
                delay *= 2;
            }
            catch (NpgsqlException failure)
            {
                return Error(failure);
            }
        }
    }

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
