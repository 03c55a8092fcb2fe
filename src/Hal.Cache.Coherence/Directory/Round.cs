namespace Hal.Cache.Coherence.Directory;

/// <summary>
/// What keeps a change from being read: holders that must answer, earlier rounds on the same keys, the grace of a restart; then the log.
/// </summary>
internal sealed class Round(long ticket, IReadOnlyList<KeyId> keys, long position)
{
    public long Ticket { get; } = ticket;

    public IReadOnlyList<KeyId> Keys { get; } = keys;

    /// <summary>The log's position that must be durable.</summary>
    public long Position { get; set; } = position;

    /// <summary>Answers, earlier rounds and the opening call that are still to come.</summary>
    public int Blocks { get; set; } = 1;

    /// <summary>No old copy is left; only the log may be behind.</summary>
    public bool Cleared { get; set; }

    public bool Published { get; set; }

    /// <summary>Takes a cold key out of the directory and changes nothing.</summary>
    public bool Forgets { get; init; }

    public WriterMark? Writer { get; init; }

    public List<Round> Later { get; } = [];

    /// <summary>Acquires to be asked again when the round is cleared.</summary>
    public List<long> Held { get; } = [];
}
