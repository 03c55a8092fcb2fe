namespace Hal.Cache.Coherence.Holding;

/// <summary>The number up to which all invalidations of the session are handled, whatever order they came in.</summary>
internal sealed class HandledLog
{
    /// <summary>Numbers remembered ahead of a gap; those beyond are acknowledged one by one only.</summary>
    public const int AheadMax = 1024;

    private readonly HashSet<uint> ahead = [];

    public uint Through { get; private set; }

    public void Add(uint number)
    {
        if (number <= Through) return;
        if (number != Through + 1)
        {
            if (ahead.Count < AheadMax) ahead.Add(number);
            return;
        }

        Through = number;
        while (ahead.Remove(Through + 1)) Through++;
    }

    public void Clear()
    {
        ahead.Clear();
        Through = 0;
    }
}
