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

    /// <summary>Part of 1 by which a clock that is ahead of the authority's runs slower until it has met it, so that it need not go back.</summary>
    public const double SlowdownMax = 0.9;

    /// <summary>How far the clock may be ahead of what the authority says before it is held back: as long as messages usually take.</summary>
    public static readonly TimeSpan ToleranceMax = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// What the authority says may be so late; where it is behind by more, again and again, its clock is another one, and is taken. A clock goes back by no less.
    /// </summary>
    public static readonly TimeSpan LatenessMax = TimeSpan.FromSeconds(1);

    /// <summary>Words of an authority that are all behind by more than <see cref="LatenessMax"/>, over at least that time, before they are believed.</summary>
    public const int WordsToBelieve = 3;

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly TimeProvider machine;
    private readonly double ticksPerStamp;
    private readonly Lock gate = new();
    private readonly ITimer timer;
    private Course course;
    private bool follows;
    private Doubt doubt;
    private long heardOfOthers;

    public TreeClock(TimeProvider machine)
    {
        ArgumentNullException.ThrowIfNull(machine);
        this.machine = machine;
        ticksPerStamp = (double)TimeSpan.TicksPerSecond / machine.TimestampFrequency;
        course = new(machine.GetUtcNow().Ticks, machine.GetTimestamp(), 0, long.MaxValue);
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

    /// <summary>
    /// The authority's time of day was this when it sent what has just come; from now on only such words move the clock. One that is behind goes
    /// forward at once, since the authority's time has been. One that is ahead may just have got its word late: it is held back by no more than
    /// the clocks can have drifted apart since the last word.
    /// </summary>
    public void Follow(DateTimeOffset authority)
    {
        lock (gate)
        {
            long stamp = machine.GetTimestamp();
            long ticks = TicksOf(course, stamp);

            // What another root said is not forgotten either: a key of it is not told more time than it was given.
            long ahead = ticks - authority.UtcTicks;
            bool isFirst = !follows;
            follows = true;
            if (ahead <= 0 || (isFirst && ahead > ToleranceMax.Ticks))
            {
                doubt = default;
                Set(Math.Max(authority.UtcTicks, heardOfOthers), stamp, 0);
                return;
            }

            long elapsed = (long)((stamp - course.Stamp) * ticksPerStamp);
            long drift = LeftOf(course, stamp) + (long)(elapsed * SlewMax);
            if (ahead - drift > LatenessMax.Ticks)
            {
                if (!IsBelieved(stamp, ahead)) return;
                Set(Math.Max(ticks - doubt.Least, heardOfOthers), stamp, 0);
                doubt = default;
                return;
            }

            doubt = default;
            long back = ahead <= ToleranceMax.Ticks ? 0 : Math.Min(ahead, drift);
            if (back > LatenessMax.Ticks)
                Set(Math.Max(ticks - back, heardOfOthers), stamp, 0); // nothing was heard for so long that keys would end here long before they do there
            else
                Set(ticks, stamp, back);
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
                Volatile.Write(ref course, course with { Ticks = other.UtcTicks, Stamp = stamp });
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
            Volatile.Write(ref course, new(ticks, stamp, Math.Clamp(wanted, -SlewMax, SlewMax), long.MaxValue));
        }
    }

    // Late words come together after a stall; a clock that was set is behind in all that it says from then on.
    private bool IsBelieved(long stamp, long ahead)
    {
        doubt = doubt.Words == 0 ? new(stamp, ahead, 1) : doubt with { Least = Math.Min(doubt.Least, ahead), Words = doubt.Words + 1 };
        return doubt.Words >= WordsToBelieve && (stamp - doubt.Since) * ticksPerStamp >= LatenessMax.Ticks;
    }

    private void Set(long ticks, long stamp, long heldBack)
    {
        long stamps = (long)(heldBack / SlowdownMax / ticksPerStamp);
        Volatile.Write(ref course, new(ticks, stamp, stamps > 0 ? -SlowdownMax : 0, stamp + stamps));
    }

    private long TicksOf(Course from, long stamp) =>
        from.Ticks + (long)(((stamp - from.Stamp) + ((Math.Min(stamp, from.SlewsUntil) - from.Stamp) * from.Slew)) * ticksPerStamp);

    // What is still to be held back.
    private long LeftOf(Course from, long stamp) =>
        from.Slew < 0 && from.SlewsUntil > stamp ? (long)((from.SlewsUntil - stamp) * -from.Slew * ticksPerStamp) : 0;

    /// <param name="SlewsUntil">Stamp from which on it goes with the monotonic clock again.</param>
    private sealed record Course(long Ticks, long Stamp, double Slew, long SlewsUntil);

    /// <param name="Least">By how much the clock was ahead of each word since then at the least, in ticks.</param>
    private readonly record struct Doubt(long Since, long Least, int Words);
}
