namespace Hal.Cache.Coherence.Directory;

/// <summary>Who may hold a lease of an earlier epoch, until the authority's timer since its start ends.</summary>
internal sealed class Grace
{
    private readonly HashSet<ulong>? instances;
    private readonly long end;

    public Grace(IReadOnlyCollection<ulong>? mayHoldLeases, long end)
    {
        instances = mayHoldLeases is null ? null : [.. mayHoldLeases];
        this.end = end;
        Waits = instances?.Count ?? 1;
    }

    /// <summary>What is waited for: instances, or one for all where they are unknown.</summary>
    public int Waits { get; private set; }

    public Round? Round { get; set; }

    /// <summary>How many waits end because an instance has begun a session in this epoch.</summary>
    public int Remove(ulong instance)
    {
        if (instances is null || !instances.Remove(instance)) return 0;
        Waits--;
        return 1;
    }

    /// <summary>How many waits end by time.</summary>
    public int Expire(long now)
    {
        if (Waits == 0 || now < end) return 0;
        var ended = Waits;
        Waits = 0;
        instances?.Clear();
        return ended;
    }
}
