using Hal.Cache.Contracts;

namespace Hal.Cache.ControlPlane.Orleans.Roles;

/// <summary>How old a view of the tree may be for a caller: never older than what it changed itself. Thread-safe.</summary>
internal sealed class Freshness(OrleansPlaneOptions options, TimeProvider time)
{
    private long changedAt = time.GetTimestamp();

    /// <summary>In milliseconds; a span and no time, so that it means the same at a silo with another clock.</summary>
    public int AgeMs => (int)Math.Min(options.ViewAge.TotalMilliseconds, time.GetElapsedTime(Volatile.Read(ref changedAt)).TotalMilliseconds);

    /// <summary>Makes a change, whether it comes to something or not.</summary>
    public async Task<Result<T>> ChangeAsync<T>(Task<Result<T>> change)
    {
        try
        {
            return await change;
        }
        finally
        {
            Volatile.Write(ref changedAt, time.GetTimestamp());
        }
    }
}
