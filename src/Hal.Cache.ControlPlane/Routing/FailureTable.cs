namespace Hal.Cache.ControlPlane.Routing;

/// <summary>Failures of sources at destinations, each fading by half every <see cref="HalfLife"/>; bounded. Not thread-safe.</summary>
internal sealed class FailureTable(TimeProvider time)
{
    public const int PairsMax = 16_384;

    public static readonly TimeSpan HalfLife = TimeSpan.FromSeconds(10);

    private const double Forgotten = 0.01;

    private readonly Dictionary<(string Source, string Destination), (double Count, DateTimeOffset At)> failures = [];

    public void Add(string source, string destination)
    {
        var now = time.GetUtcNow();
        if (failures.Count >= PairsMax)
        {
            foreach (var (pair, failure) in failures.ToArray())
            {
                if (Faded(failure, now) < Forgotten) failures.Remove(pair);
            }
        }
        if (failures.Count < PairsMax || failures.ContainsKey((source, destination)))
            failures[(source, destination)] = (Of(source, destination) + 1, now);
    }

    /// <summary>Takes a count as it is now elsewhere.</summary>
    public void Set(string source, string destination, double count) => failures[(source, destination)] = (count, time.GetUtcNow());

    /// <summary>What has not faded away.</summary>
    public IEnumerable<(string Source, string Destination, double Count)> All =>
        failures.Keys.Select(pair => (pair.Source, pair.Destination, Of(pair.Source, pair.Destination))).Where(f => f.Item3 > 0);

    public double Of(string source, string destination) =>
        failures.TryGetValue((source, destination), out var failure) && Faded(failure, time.GetUtcNow()) is >= Forgotten and var count ? count : 0;

    private static double Faded((double Count, DateTimeOffset At) failure, DateTimeOffset now) =>
        failure.Count * Math.Pow(0.5, (now - failure.At) / HalfLife);
}
