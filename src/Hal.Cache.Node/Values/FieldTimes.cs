namespace Hal.Cache.Node.Values;

/// <summary>When fields of a hash expire, in Unix milliseconds (at most 2^46, so that a score holds them), in the order of their times.</summary>
internal sealed class FieldTimes(CollectionLimits limits)
{
    private readonly SortedSetValue times = new(limits);

    public int Count => times.Count;

    public long MemoryBytes => times.MemoryBytes;

    /// <summary>The earliest time, <see cref="long.MaxValue"/> where no field has one.</summary>
    public long First { get; private set; } = long.MaxValue;

    /// <summary>A field's time, 0 where it has none.</summary>
    public long Of(ReadOnlySpan<byte> field) => times.TryGetScore(field, out double at) ? (long)at : 0;

    public void Set(ReadOnlySpan<byte> field, long at)
    {
        times.Set(field, at, null);
        FindFirst();
    }

    /// <summary>Forgets a field's time; false where it has none.</summary>
    public bool Remove(ReadOnlySpan<byte> field)
    {
        if (!times.Remove(field, null)) return false;
        FindFirst();
        return true;
    }

    /// <summary>Number of fields whose time is not after the one given.</summary>
    public int CountUntil(long time) => First > time ? 0 : times.CountBehind(new ScoreBound(time, Behind: true));

    /// <summary>The fields in the order of their times; needs scratch space for an integer.</summary>
    public ScoredCursor InOrder(Span<byte> scratch) => times.Items(0, false, scratch);

    public FieldTimes Copy()
    {
        var copy = new FieldTimes(limits);
        ScoredCursor all = InOrder(stackalloc byte[Listpack.ScratchBytes]);
        while (all.MoveNext()) copy.times.Set(all.Member, all.Score, null);
        copy.First = First;
        return copy;
    }

    private void FindFirst()
    {
        ScoredCursor all = InOrder(stackalloc byte[Listpack.ScratchBytes]);
        First = all.MoveNext() ? (long)all.Score : long.MaxValue;
    }
}
