namespace Hal.Cache.Gateway.Clients;

/// <summary>What a connection has counted; written by the connection alone, so that it costs plain additions, and read by whoever adds all up.</summary>
internal sealed class ClientCounters(int commands)
{
    /// <summary>Runs of each command, by <see cref="CommandSpec.Id"/>.</summary>
    public long[] Calls { get; } = new long[commands];

    /// <summary>Runs that ended with an error, by <see cref="CommandSpec.Id"/>.</summary>
    public long[] Failures { get; } = new long[commands];

    /// <summary>Commands that were refused before they ran, by <see cref="CommandSpec.Id"/>.</summary>
    public long[] Rejections { get; } = new long[commands];

    /// <summary>Time of the runs that were timed, in <see cref="System.Diagnostics.Stopwatch"/> ticks, by <see cref="CommandSpec.Id"/>.</summary>
    public long[] Ticks { get; } = new long[commands];

    /// <summary>Runs that were timed, by <see cref="CommandSpec.Id"/>.</summary>
    public long[] Timed { get; } = new long[commands];

    /// <summary>Times of the runs that were timed, by <see cref="CommandSpec.Id"/>; null where there were none.</summary>
    public TimeBuckets?[] Times { get; } = new TimeBuckets?[commands];

    /// <summary>The last command that was found in the table, null before the first.</summary>
    public CommandSpec? Spec { get; set; }

    public long Commands { get; set; }

    public long Hits { get; set; }

    public long Misses { get; set; }

    public long Changes { get; set; }

    public long BytesIn { get; set; }

    public long BytesOut { get; set; }

    /// <summary>Counts a command that has run.</summary>
    /// <param name="ticks">How long it took, 0 where it was not timed.</param>
    public void Count(CommandContext context, long ticks)
    {
        CommandSpec spec = context.Spec;
        if (spec.Id < 0) return;
        Spec = spec;
        if (context.IsRejected || context.IsQueued)
        {
            if (context.IsRejected) Rejections[spec.Id]++;
            return;
        }

        Calls[spec.Id]++;
        Hits += context.Hits;
        Misses += context.Misses;
        if (context.Failed) Failures[spec.Id]++;
        if (ticks == 0) return;
        Ticks[spec.Id] += ticks;
        Timed[spec.Id]++;
        (Times[spec.Id] ??= new()).Add((long)(ticks * 1e6 / System.Diagnostics.Stopwatch.Frequency));
    }

    /// <summary>Counts a command of a transaction that the authority has run.</summary>
    public void Count(CommandSpec spec, bool failed)
    {
        Spec = spec;
        Calls[spec.Id]++;
        if (failed) Failures[spec.Id]++;
    }

    public void Add(ClientCounters other)
    {
        for (int id = 0; id < Calls.Length; id++)
        {
            Calls[id] += other.Calls[id];
            Failures[id] += other.Failures[id];
            Rejections[id] += other.Rejections[id];
            Ticks[id] += other.Ticks[id];
            Timed[id] += other.Timed[id];
            if (other.Times[id] is { } times) (Times[id] ??= new()).Add(times, 1);
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
            Rejections[id] -= other.Rejections[id];
            Ticks[id] -= other.Ticks[id];
            Timed[id] -= other.Timed[id];
            if (other.Times[id] is { } times) (Times[id] ??= new()).Add(times, -1);
        }

        Commands -= other.Commands;
        Hits -= other.Hits;
        Misses -= other.Misses;
        Changes -= other.Changes;
        BytesIn -= other.BytesIn;
        BytesOut -= other.BytesOut;
    }
}
