namespace Hal.Cache.Coherence.Directory;

/// <summary>One holder's session at the authority: its timer, and the invalidations that it has not answered.</summary>
internal sealed class Session(ulong instance, uint number)
{
    private readonly Dictionary<uint, (Round Round, long SentAt)> unanswered = [];
    private uint next = 1;
    private uint oldest = 1;

    public ulong Instance { get; } = instance;

    public uint Number { get; } = number;

    public ushort Slot { get; set; }

    /// <summary>When the authority stops waiting for the holder.</summary>
    public long TimerEnd { get; set; }

    public int Unanswered => unanswered.Count;

    /// <summary>Number of the invalidation with which the round waits for this session.</summary>
    public uint Ask(Round round, long now)
    {
        unanswered.Add(next, (round, now));
        return next++;
    }

    public bool TryAnswer(uint number, out Round round)
    {
        var known = unanswered.Remove(number, out var entry);
        round = entry.Round;
        return known;
    }

    /// <summary>When the oldest unanswered invalidation was sent; <see cref="long.MaxValue"/> where all are answered.</summary>
    public long OldestSentAt() => OldestUnanswered() is var number && unanswered.TryGetValue(number, out var entry) ? entry.SentAt : long.MaxValue;

    public uint OldestUnanswered()
    {
        while (oldest < next && !unanswered.ContainsKey(oldest)) oldest++;
        return oldest;
    }

    public IEnumerable<Round> Rounds() => unanswered.Values.Select(e => e.Round);
}
