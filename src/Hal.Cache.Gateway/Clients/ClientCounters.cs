namespace Hal.Cache.Gateway.Clients;

/// <summary>What a connection has counted; written by the connection alone, so that it costs plain additions, and read by whoever adds all up.</summary>
internal sealed class ClientCounters(int commands)
{
    /// <summary>Runs of each command, by <see cref="CommandSpec.Id"/>.</summary>
    public long[] Calls { get; } = new long[commands];

    /// <summary>Runs that ended with an error, by <see cref="CommandSpec.Id"/>.</summary>
    public long[] Failures { get; } = new long[commands];

    /// <summary>Time of the runs that were timed, in <see cref="System.Diagnostics.Stopwatch"/> ticks, by <see cref="CommandSpec.Id"/>.</summary>
    public long[] Ticks { get; } = new long[commands];

    /// <summary>Runs that were timed, by <see cref="CommandSpec.Id"/>.</summary>
    public long[] Timed { get; } = new long[commands];

    /// <summary>The last command that was found in the table, null before the first.</summary>
    public CommandSpec? Spec { get; set; }

    public long Commands { get; set; }

    public long Hits { get; set; }

    public long Misses { get; set; }

    public long Changes { get; set; }

    public long BytesIn { get; set; }

    public long BytesOut { get; set; }

    public void Add(ClientCounters other)
    {
        for (int id = 0; id < Calls.Length; id++)
        {
            Calls[id] += other.Calls[id];
            Failures[id] += other.Failures[id];
            Ticks[id] += other.Ticks[id];
            Timed[id] += other.Timed[id];
        }

        Commands += other.Commands;
        Hits += other.Hits;
        Misses += other.Misses;
        Changes += other.Changes;
        BytesIn += other.BytesIn;
        BytesOut += other.BytesOut;
    }

    public void Subtract(ClientCounters other)
    {
        for (int id = 0; id < Calls.Length; id++)
        {
            Calls[id] -= other.Calls[id];
            Failures[id] -= other.Failures[id];
            Ticks[id] -= other.Ticks[id];
            Timed[id] -= other.Timed[id];
        }

        Commands -= other.Commands;
        Hits -= other.Hits;
        Misses -= other.Misses;
        Changes -= other.Changes;
        BytesIn -= other.BytesIn;
        BytesOut -= other.BytesOut;
    }
}
