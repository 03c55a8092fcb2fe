using System.Globalization;
using Hal.Cache.Benchmarks.Load;

namespace Hal.Cache.Benchmarks.Report;

/// <summary>What a row is to reach: at least or at most a bound, of the value itself or of its share of another column's.</summary>
/// <param name="Bound">In the row's unit, or a factor where <paramref name="Of"/> is given.</param>
/// <param name="IsLeast">Whether the bound is the least that will do; otherwise it is the most.</param>
/// <param name="Of">The column that the value is divided by; null for none.</param>
internal sealed record Aim(double Bound, bool IsLeast, string? Of = null)
{
    public static Aim AtLeast(double bound, string? of = null) => new(bound, IsLeast: true, of);

    public static Aim AtMost(double bound, string? of = null) => new(bound, IsLeast: false, of);

    /// <summary>
    /// What is compared with the bound; null where a column that it needs has no figure. A share of another column's is the median of the rounds' own shares,
    /// where both were measured in the same rounds: the machine's speed changes from one to the next, for both alike.
    /// </summary>
    public double? Reached(ReportRow row, string ours)
    {
        if (!row.Samples.TryGetValue(ours, out var mine))
            return null;
        if (Of is null)
            return mine.Value;
        if (!row.Samples.TryGetValue(Of, out var other) || other.Value <= 0)
            return null;
        if (row.Rounds.TryGetValue(ours, out var own) && row.Rounds.TryGetValue(Of, out var others) && own.Count == others.Count)
            return Sample.Middle(own.Zip(others, static (one, another) => one.Value / another.Value));
        return mine.Value / other.Value;
    }

    /// <summary>Whether the row is where it should be; null where that can't be said.</summary>
    public bool? IsMet(ReportRow row, string ours) =>
        row.Failures.ContainsKey(ours) ? false : Reached(row, ours) is { } reached ? IsLeast ? reached >= Bound : reached <= Bound : null;

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{(IsLeast ? "at least" : "at most")} {Bound:#,0.##}{(Of is null ? "" : " x " + Of)}");
}
