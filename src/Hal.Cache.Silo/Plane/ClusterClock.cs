using Hal.Cache.Persistence;

namespace Hal.Cache.Silo.Plane;

/// <summary>
/// Says when this machine's clock is not the database's. Nothing rests on it, since silos tell each other spans of time and no times; but the times of
/// events and of logs would mislead whoever reads them.
/// </summary>
internal static partial class ClusterClock // partial: [LoggerMessage] methods at the end
{
    /// <summary>Machines that keep time differ by less, some that are badly off by little more.</summary>
    private static readonly TimeSpan DifferenceMax = TimeSpan.FromSeconds(5);

    public static async Task CheckAsync(PostgresControlPlaneStore database, ILogger log, CancellationToken cancellation)
    {
        var ahead = await database.ClockAheadAsync(cancellation);
        if (!ahead.IsOk || ahead.Value.Duration() <= DifferenceMax) return;
        LogDifference(log, (long)ahead.Value.Duration().TotalSeconds, ahead.Value > TimeSpan.Zero ? "ahead of" : "behind");
    }

    [LoggerMessage(LogLevel.Warning, "this machine's clock is {Seconds} s {Direction} the database's; set it, or times that are told will not agree")]
    private static partial void LogDifference(ILogger log, long seconds, string direction);
}
