using Hal.Cache.Node.Tree;

namespace Hal.Cache.Node.Tests.Tree;

public sealed class TreeClockTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Time_goes_with_the_monotonic_clock_when_the_machines_time_of_day_jumps()
    {
        var machine = new Machine();
        using var clock = new TreeClock(machine);

        machine.Jump(TimeSpan.FromHours(2));
        machine.Advance(TimeSpan.FromSeconds(10));

        Assert.InRange(clock.GetUtcNow() - Start, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(10 * (1 + TreeClock.SlewMax)));
    }

    [Fact]
    public void A_machines_time_that_is_off_a_little_is_met_slowly_and_never_backwards()
    {
        var machine = new Machine();
        using var clock = new TreeClock(machine);
        machine.Jump(TimeSpan.FromMilliseconds(-100));
        var last = clock.GetUtcNow();
        for (var second = 0; second < 60; second++)
        {
            machine.Advance(TimeSpan.FromSeconds(1));
            var now = clock.GetUtcNow();
            Assert.InRange((now - last).TotalSeconds, 1 - TreeClock.SlewMax - 1e-6, 1 + TreeClock.SlewMax + 1e-6);
            last = now;
        }

        Assert.InRange((last - machine.GetUtcNow()).TotalMilliseconds, -1, 1);
    }

    [Fact]
    public void What_the_authority_says_is_taken_at_once_and_the_machines_time_no_more()
    {
        var machine = new Machine();
        using var clock = new TreeClock(machine);

        clock.Follow(Start.AddHours(1));
        machine.Jump(TimeSpan.FromHours(-5));
        machine.Advance(TimeSpan.FromSeconds(100));

        Assert.Equal(Start.AddHours(1).AddSeconds(100), clock.GetUtcNow());
    }

    [Fact]
    public void A_clock_is_behind_no_roots_word_and_stays_with_the_one_that_it_follows_where_another_is_far_ahead()
    {
        var machine = new Machine();
        using var clock = new TreeClock(machine);
        clock.Follow(Start);

        Assert.False(clock.TryMeet(Start + TreeClock.ToleranceMax + TimeSpan.FromMilliseconds(1)));
        Assert.Equal(Start, clock.GetUtcNow());
        Assert.True(clock.TryMeet(Start + TimeSpan.FromMilliseconds(15)));
        Assert.Equal(Start + TimeSpan.FromMilliseconds(15), clock.GetUtcNow());

        machine.Advance(TimeSpan.FromMilliseconds(100));
        clock.Follow(Start); // a word that took long
        Assert.Equal(Start + TimeSpan.FromMilliseconds(115), clock.GetUtcNow());
        Assert.True(clock.TryMeet(Start - TimeSpan.FromHours(1)));
        Assert.Equal(Start + TimeSpan.FromMilliseconds(115), clock.GetUtcNow());
    }

    [Fact]
    public void A_clock_that_is_behind_what_the_authority_says_meets_it()
    {
        var machine = new Machine();
        using var clock = new TreeClock(machine);

        clock.Follow(Start + TimeSpan.FromMilliseconds(1));

        Assert.Equal(Start + TimeSpan.FromMilliseconds(1), clock.GetUtcNow());
    }

    [Fact]
    public void A_difference_that_messages_may_take_does_not_move_the_clock()
    {
        var machine = new Machine();
        using var clock = new TreeClock(machine);

        clock.Follow(Start - (TreeClock.ToleranceMax / 2));

        Assert.Equal(Start, clock.GetUtcNow());
    }

    [Fact]
    public void A_word_that_comes_late_does_not_take_the_clock_back()
    {
        var machine = new Machine();
        using var clock = new TreeClock(machine);
        clock.Follow(Start);
        machine.Advance(TimeSpan.FromSeconds(10));

        foreach (var late in new[] { 0.5, 3, 3, 3 })
        {
            var before = clock.GetUtcNow();
            clock.Follow(Start + TimeSpan.FromSeconds(10) - TimeSpan.FromSeconds(late));
            Assert.Equal(before, clock.GetUtcNow());
        }

        machine.Advance(TimeSpan.FromSeconds(1));
        Assert.InRange((clock.GetUtcNow() - Start).TotalSeconds, 11 - (10 * TreeClock.SlewMax) - 1e-3, 11);
        clock.Follow(Start.AddSeconds(11));
        Assert.Equal(Start.AddSeconds(11), clock.GetUtcNow());
    }

    [Fact]
    public void A_clock_that_is_ahead_of_a_slower_authority_is_held_back_and_never_goes_back()
    {
        var machine = new Machine();
        using var clock = new TreeClock(machine);
        clock.Follow(Start);
        var (real, last) = (Start, Start);
        for (var i = 0; i < 200; i++)
        {
            machine.Advance(TimeSpan.FromSeconds(1));
            real += TimeSpan.FromSeconds(1 - TreeClock.SlewMax);
            clock.Follow(real);
            var now = clock.GetUtcNow();
            Assert.True(now >= last, $"{now:O} came after {last:O}");
            Assert.InRange((now - real).TotalMilliseconds, -1, TreeClock.ToleranceMax.TotalMilliseconds + (1000 * TreeClock.SlewMax) + 1);
            last = now;
        }
    }

    [Fact]
    public void An_authority_whose_clock_was_set_back_is_believed_when_it_says_so_again_and_again()
    {
        var machine = new Machine();
        using var clock = new TreeClock(machine);
        clock.Follow(Start);
        for (var i = 1; i <= 2; i++)
        {
            machine.Advance(TimeSpan.FromSeconds(1));
            clock.Follow(Start.AddSeconds(i).AddHours(-1));
            Assert.Equal(Start.AddSeconds(i), clock.GetUtcNow());
        }

        machine.Advance(TimeSpan.FromSeconds(1));
        clock.Follow(Start.AddSeconds(3).AddHours(-1));

        Assert.Equal(Start.AddSeconds(3).AddHours(-1), clock.GetUtcNow());
    }

    /// <summary>A machine whose time of day can be set; its timers run as it is advanced.</summary>
    private sealed class Machine : TimeProvider
    {
        private readonly Hal.Cache.Testing.Time.ManualTimeProvider inner = new(Start);
        private TimeSpan offset;

        public override long TimestampFrequency => inner.TimestampFrequency;

        public override long GetTimestamp() => inner.GetTimestamp();

        public override DateTimeOffset GetUtcNow() => inner.GetUtcNow() + offset;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => inner.CreateTimer(callback, state, dueTime, period);

        public void Jump(TimeSpan by) => offset += by;

        public void Advance(TimeSpan by) => inner.Advance(by);
    }
}
