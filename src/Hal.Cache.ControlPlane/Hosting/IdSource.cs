namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>Ids that rise with time and are not guessed alike by two control planes.</summary>
internal sealed class IdSource(Random random)
{
    private readonly Lock gate = new();
    private long last;

    public string Next(string kind, DateTimeOffset now)
    {
        lock (gate)
        {
            last = Math.Max(last + 1, now.ToUnixTimeMilliseconds());
            return $"{kind}-{last:x12}-{random.Next():x8}";
        }
    }
}
