namespace Hal.Cache.Gateway.Clients;

/// <summary>
/// What a connection counted since it last added it to the totals; written by the connection alone, so that it costs no more than plain
/// additions, and read by whoever asks for the totals.
/// </summary>
internal sealed class ClientCounters
{
    /// <summary>Row that <see cref="Calls"/> belong to; runs of one command are added to the totals at once.</summary>
    public CommandSpec? Spec { get; set; }

    public long Calls { get; set; }

    public long Hits { get; set; }

    public long Misses { get; set; }

    /// <summary>Commands since the connection began; every so many are timed.</summary>
    public long Commands { get; set; }

    public long BytesIn { get; set; }

    public long BytesOut { get; set; }
}
