using Hal.Cache.Benchmarks.Load;

namespace Hal.Cache.Benchmarks.Report;

/// <summary>One finished row: each server's median, or why it has none, and what must be read beside it.</summary>
internal sealed record ReportRow(
    string Name,
    string Unit,
    bool HigherIsBetter,
    IReadOnlyDictionary<string, Sample> Samples,
    IReadOnlyDictionary<string, string> Failures,
    IReadOnlyList<string> Notes,
    Aim? Aim = null)
{
    /// <summary>What was measured in each round, in their order; empty where nothing is compared round by round.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<Sample>> Rounds { get; init; } = new Dictionary<string, IReadOnlyList<Sample>>();

    /// <summary>How far <paramref name="ours"/> is ahead of <paramref name="theirs"/>: over 1 is better, whichever way the unit runs.</summary>
    public double? Ratio(string ours, string theirs) =>
        Samples.TryGetValue(ours, out var mine) && Samples.TryGetValue(theirs, out var other) && mine.Value > 0 && other.Value > 0
            ? HigherIsBetter ? mine.Value / other.Value : other.Value / mine.Value
            : null;

    /// <summary>True where <paramref name="ours"/> failed or any other server did better.</summary>
    public bool IsBehind(string ours) => Failures.ContainsKey(ours) || Samples.Keys.Any(other => Ratio(ours, other) < 1);
}
