using System.Globalization;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>Ids that rise with time and are not guessed alike by two control planes.</summary>
internal sealed class IdSource(Random random)
{
    private readonly Lock gate = new();
    private long last;

    /// <param name="kind">What it is the id of.</param>
    /// <param name="now">The time.</param>
    /// <param name="tail">What it ends with, in place of chance.</param>
    public string Next(string kind, DateTimeOffset now, string? tail = null)
    {
        lock (gate)
        {
            last = Math.Max(last + 1, now.ToUnixTimeMilliseconds());
            return $"{kind}-{last:x12}-{tail ?? random.Next().ToString("x8", CultureInfo.InvariantCulture)}";
        }
    }
}
