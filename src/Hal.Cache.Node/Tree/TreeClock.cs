namespace Hal.Cache.Node.Tree;

/// <summary>
/// The time of day as a tree has it, which the machine's clock can't make jump: it goes with the monotonic clock from where it was at the
/// start. At the authority it follows the machine's by at most <see cref="SlewMax"/>, because copies elsewhere count the rest of their
/// life from what the authority said; at the other instances it is the authority's, the default one's of several, as its answers tell it.
/// </summary>
public sealed class TreeClock : TimeProvider, IDisposable
{
    /// <summary>Largest part of 1 by which the clock runs faster or slower to meet the machine's; within the error that coherence allows for.</summary>
    public const double SlewMax = 0.005;

    /// <summary>How far the clock may be ahead of what the authority says before it goes back: as long as messages may take.</summary>
    public static readonly TimeSpan ToleranceMax = TimeSpan.FromMilliseconds(20);

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly TimeProvider machine;
    private readonly double ticksPerStamp;
    private readonly Lock gate = new();
    private readonly ITimer timer;
    private Course course;
    private bool follows;
    private long heardOfOthers;

    public TreeClock(TimeProvider machine)
    {
        ArgumentNullException.ThrowIfNull(machine);
        this.machine = machine;
        ticksPerStamp = (double)TimeSpan.TicksPerSecond / machine.TimestampFrequency;
        course = new(machine.GetUtcNow().Ticks, machine.GetTimestamp(), 0);
        timer = machine.CreateTimer(_ => Meet(), null, Period, Period);
    }

    public override long TimestampFrequency => machine.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => machine.LocalTimeZone;

    public override long GetTimestamp() => machine.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => machine.CreateTimer(callback, state, dueTime, period);

    public override DateTimeOffset GetUtcNow()
    {
        Course now = Volatile.Read(ref course);
        return new(TicksOf(now, machine.GetTimestamp()), TimeSpan.Zero);
    }

    /// <summary>The authority's time of day was this when it sent what has just come; from now on only such words move the clock.</summary>
    public void Follow(DateTimeOffset authority)
    {
        lock (gate)
        {
            follows = true;
            long stamp = machine.GetTimestamp();
            long ticks = TicksOf(course, stamp);

            // What another root said is not forgotten either: a key of it is not told more time than it was given.
            long back = Math.Max(authority.UtcTicks, heardOfOthers);

            // The authority's time has been when its word comes: a clock that is behind that is late, and would tell keys more time than they were given.
            long ahead = ticks - authority.UtcTicks;
            Volatile.Write(ref course, new(ahead < 0 ? authority.UtcTicks : ahead > ToleranceMax.Ticks ? back : ticks, stamp, 0));
        }
    }

    /// <summary>
    /// The time of day of a root that the clock does not follow was this when it sent what has just come: from now on the clock is not behind
    /// that. False where it is so by more than <see cref="ToleranceMax"/>, which it then stays.
    /// </summary>
    public bool TryMeet(DateTimeOffset other)
    {
        lock (gate)
        {
            long stamp = machine.GetTimestamp();
            long ticks = TicksOf(course, stamp);
            if (other.UtcTicks - ticks > ToleranceMax.Ticks)
                return false;
            heardOfOthers = Math.Max(heardOfOthers, other.UtcTicks);
            if (other.UtcTicks > ticks)
                Volatile.Write(ref course, new(other.UtcTicks, stamp, course.Slew));
            return true;
        }
    }

    public void Dispose() => timer.Dispose();

    private void Meet()
    {
        lock (gate)
        {
            if (follows)
                return;
            long stamp = machine.GetTimestamp();
            long ticks = TicksOf(course, stamp);
            double wanted = (machine.GetUtcNow().Ticks - ticks) / (double)Period.Ticks;
            Volatile.Write(ref course, new(ticks, stamp, Math.Clamp(wanted, -SlewMax, SlewMax)));
        }
    }

    private long TicksOf(Course from, long stamp) => from.Ticks + (long)((stamp - from.Stamp) * ticksPerStamp * (1 + from.Slew));

    private sealed record Course(long Ticks, long Stamp, double Slew);
}
