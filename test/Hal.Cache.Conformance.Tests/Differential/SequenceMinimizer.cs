namespace Hal.Cache.Conformance.Tests.Differential;

/// <summary>Makes a failing sequence short: drops halves, quarters, ... as long as it still fails.</summary>
internal static class SequenceMinimizer
{
    /// <summary>A subsequence that still fails; the best found when <paramref name="attemptsMax"/> trials are used up.</summary>
    public static List<T> Minimize<T>(IReadOnlyList<T> items, Func<IReadOnlyList<T>, bool> fails, int attemptsMax)
    {
        var best = items.ToList();
        var attempts = 0;
        for (var piece = Math.Max(1, best.Count / 2); ; piece /= 2)
        {
            for (var at = 0; at < best.Count;)
            {
                if (attempts++ == attemptsMax) return best;
                List<T> trial = [.. best.Take(at), .. best.Skip(at + piece)];
                if (fails(trial)) best = trial;
                else at += piece;
            }

            if (piece <= 1) return best;
        }
    }
}
