namespace Hal.Cache.ControlPlane.Orleans.Records;

/// <summary>Which ownership records have to move so that every silo has its share: as few as will do.</summary>
internal static class RecordBalance
{
    /// <summary>How far a silo may be from its share, as a part of it: hashes spread records no more evenly than that.</summary>
    public const double Slack = 0.25;

    /// <summary>
    /// Moves from silos that have more than their share to those that have less, until each has its share or one more; none where no silo is
    /// further from it than the slack. What is on no silo of the list, or has no home, stays where it is, and does not count.
    /// </summary>
    /// <param name="homes">The silo of each record; null where it is not known.</param>
    /// <param name="silos">Those that may have records.</param>
    /// <param name="slack">Part of its share that a silo may be from it; what has been begun goes on to the end with none.</param>
    /// <param name="movesMax">Most moves.</param>
    public static IReadOnlyList<(int Record, string Silo)> Plan(IReadOnlyList<string?> homes, IReadOnlyCollection<string> silos, double slack, int movesMax)
    {
        if (silos.Count < 2) return [];
        var on = silos.Order(StringComparer.Ordinal).ToDictionary(s => s, _ => new Stack<int>(), StringComparer.Ordinal);
        for (var record = 0; record < homes.Count; record++)
        {
            if (homes[record] is { } home && on.TryGetValue(home, out var there)) there.Push(record);
        }
        var share = (double)on.Values.Sum(r => r.Count) / silos.Count;
        if (on.Values.All(r => Math.Abs(r.Count - share) <= Math.Max(1, share * slack))) return [];
        var moves = new List<(int, string)>();
        while (moves.Count < movesMax)
        {
            var (most, least) = (on.MaxBy(s => s.Value.Count), on.MinBy(s => s.Value.Count));
            if (most.Value.Count - least.Value.Count < 2) break;
            var record = most.Value.Pop();
            least.Value.Push(record);
            moves.Add((record, least.Key));
        }
        return moves;
    }
}
