namespace Hal.Cache.Storage.Eviction;

/// <summary>
/// Decides which of the walked entries are among the best share: a histogram of the ranks that were seen lately gives the threshold, and
/// entries of the rank at the threshold stay in proportion. Threads may race: a lost count shifts the threshold by less than anyone sees.
/// </summary>
internal sealed class KeepRanking(int ranks)
{
    /// <summary>After so many decisions all counts are halved, so that the threshold follows what is walked now.</summary>
    private const int WindowDecisions = 4096;

    /// <summary>
    /// How many entries more than the share may stay for a while. Without a bound a walk from old to young would keep everything, since
    /// each entry is better than all before it.
    /// </summary>
    private const int CreditEntriesMax = 64;

    private readonly long[] weights = new long[ranks];
    private long total;
    private int decisions;
    private double carry = 0.5; // or the first of all would always go, the only one of its rank though it may be
    private double credit;

    /// <summary>Whether an entry of this rank (0 is the best) and weight stays, where <paramref name="share"/> of the weight may.</summary>
    public bool Keep(int rank, long weight, double share)
    {
        Pass(rank, weight, share);
        if (credit < 0 || !IsAmongBest(rank, share))
            return false;
        credit = Math.Max(credit - weight, -(double)CreditEntriesMax * weight);
        return true;
    }

    /// <summary>Counts an entry that goes whatever its rank: what it might have taken of the share is left for others.</summary>
    public void Pass(int rank, long weight, double share)
    {
        Interlocked.Add(ref weights[rank], weight);
        Interlocked.Add(ref total, weight);
        if (Interlocked.Increment(ref decisions) == WindowDecisions)
            Halve();
        credit = Math.Min(credit + (weight * share), (double)CreditEntriesMax * weight);
    }

    private bool IsAmongBest(int rank, double share)
    {
        double allowed = total * share;
        long better = 0;
        for (int index = 0; index < rank; index++)
            better += weights[index];
        if (better >= allowed)
            return false;
        double fraction = (allowed - better) / weights[rank];
        if (fraction >= 1)
            return true;
        carry += fraction;
        if (carry < 1)
            return false;
        carry -= 1;
        return true;
    }

    private void Halve()
    {
        long sum = 0;
        for (int rank = 0; rank < weights.Length; rank++)
        {
            weights[rank] = (weights[rank] + 1) / 2;
            sum += weights[rank];
        }

        Volatile.Write(ref total, sum);
        Volatile.Write(ref decisions, 0);
    }
}
