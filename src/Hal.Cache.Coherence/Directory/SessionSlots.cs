namespace Hal.Cache.Coherence.Directory;

/// <summary>
/// Two-byte numbers for sessions. A number of an ended session comes back only after a whole sweep of the directory has removed what was
/// registered under it, so that ending a session costs nothing.
/// </summary>
internal sealed class SessionSlots
{
    private readonly Dictionary<ushort, Session> live = [];
    private readonly Queue<(ushort Slot, long Pass)> ended = new();
    private ushort used;
    private long pass;

    public int Live => live.Count;

    public bool NeedsSweep => ended.Count > 0;

    public bool IsLive(ushort slot) => live.ContainsKey(slot);

    public Session? Find(ushort slot) => live.GetValueOrDefault(slot);

    public IEnumerable<Session> All => live.Values;

    /// <summary>False when all numbers are taken, by live sessions or by ones not yet swept.</summary>
    public bool TryAdd(Session session)
    {
        ushort slot;
        if (ended.TryPeek(out var oldest) && oldest.Pass < pass) slot = ended.Dequeue().Slot;
        else if (used < ushort.MaxValue) slot = ++used;
        else return false;
        session.Slot = slot;
        live.Add(slot, session);
        return true;
    }

    // The pass under way may be past what the session had: the next whole one counts.
    public void End(Session session)
    {
        live.Remove(session.Slot);
        ended.Enqueue((session.Slot, pass + 1));
    }

    public void PassEnded() => pass++;
}
