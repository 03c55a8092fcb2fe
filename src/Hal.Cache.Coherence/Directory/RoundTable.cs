namespace Hal.Cache.Coherence.Directory;

/// <summary>The rounds that are not published: the newest of each key, and a floor under the keys that have none of their own.</summary>
internal sealed class RoundTable
{
    private readonly Dictionary<KeyId, Round> newest = [];
    private readonly PriorityQueue<Round, (long Position, long Ticket)> undurable = new();
    private readonly Stack<Round> unblocked = new();
    private Round? floor;
    private long lastTicket;

    /// <summary>Told when a round is cleared, before it is published.</summary>
    public required Action<Round> Cleared { get; init; }

    /// <summary>Told when a round is published and still known as the newest of its keys.</summary>
    public required Action<Round> Published { get; init; }

    public long Durable { get; private set; }

    public bool IsEmpty => floor is null && newest.Count == 0;

    public Round? Newest(KeyId key) => newest.GetValueOrDefault(key) ?? floor;

    public bool IsNewest(Round round) => round.Keys.Count == 1 && newest.GetValueOrDefault(round.Keys[0]) == round;

    /// <summary>A new round on keys, behind what is open on them; it can't end before <see cref="Unblock"/> has been called once for the opening.</summary>
    public Round Open(IReadOnlyList<KeyId> keys, long position, WriterMark? writer = null, bool forgets = false)
    {
        var round = new Round(++lastTicket, keys, position) { Writer = writer, Forgets = forgets };
        foreach (var key in keys)
        {
            if (Newest(key) is { } earlier && earlier != round) Follow(round, earlier);
            newest[key] = round;
        }

        return round;
    }

    /// <summary>A new round on all keys, behind everything that is open.</summary>
    public Round OpenFloor(long position)
    {
        var round = new Round(++lastTicket, [], position);
        if (floor is not null) Follow(round, floor);
        foreach (var earlier in newest.Values.Distinct()) Follow(round, earlier);
        newest.Clear();
        floor = round;
        return round;
    }

    /// <summary>One thing less that the round waits for.</summary>
    public void Unblock(Round round)
    {
        unblocked.Push(round);
        while (unblocked.TryPop(out var next))
        {
            if (--next.Blocks > 0) continue;
            next.Cleared = true;
            Cleared(next);
            if (next.Position <= Durable) Publish(next);
            else undurable.Enqueue(next, (next.Position, next.Ticket));
            foreach (var later in next.Later) unblocked.Push(later);
            next.Later.Clear();
        }
    }

    public void SetDurable(long position)
    {
        Durable = Math.Max(Durable, position);
        while (undurable.TryPeek(out var round, out _) && round.Position <= Durable) Publish(undurable.Dequeue());
    }

    // A cleared round needs no link: the log is durable in the order of positions.
    private static void Follow(Round round, Round earlier)
    {
        if (earlier.Cleared) return;
        earlier.Later.Add(round);
        round.Blocks++;
    }

    private void Publish(Round round)
    {
        round.Published = true;
        Published(round);
        foreach (var key in round.Keys)
        {
            if (newest.GetValueOrDefault(key) == round) newest.Remove(key);
        }

        if (floor == round) floor = null;
    }
}
