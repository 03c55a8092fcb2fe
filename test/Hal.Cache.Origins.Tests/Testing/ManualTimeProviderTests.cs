using Hal.Cache.Testing.Time;

namespace Hal.Cache.Origins.Tests.Testing;

public sealed class ManualTimeProviderTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly ManualTimeProvider clock = new();
    private readonly List<string> fired = [];

    [Fact]
    public void The_clock_moves_by_what_it_is_advanced_and_not_else()
    {
        var (now, stamp) = (clock.GetUtcNow(), clock.GetTimestamp());

        clock.Advance(TimeSpan.FromMilliseconds(1500));

        Assert.Equal(now.AddMilliseconds(1500), clock.GetUtcNow());
        Assert.Equal(TimeSpan.FromMilliseconds(1500), clock.GetElapsedTime(stamp));
        Assert.Throws<ArgumentOutOfRangeException>(() => clock.Advance(TimeSpan.FromTicks(-1)));
    }

    [Fact]
    public void A_timer_fires_once_when_it_is_due_and_not_before()
    {
        using var timer = Timer("a", Second);

        clock.Advance(Second - TimeSpan.FromTicks(1));
        var early = fired.Count;
        clock.Advance(TimeSpan.FromTicks(1));
        clock.Advance(TimeSpan.FromDays(1));

        Assert.Equal(0, early);
        Assert.Equal(["a@1"], fired);
    }

    [Fact]
    public void Timers_fire_in_the_order_they_are_due_each_at_its_time()
    {
        using var late = Timer("late", 3 * Second);
        using var first = Timer("first", Second);
        using var second = Timer("second", Second);

        clock.Advance(10 * Second);

        Assert.Equal(["first@1", "second@1", "late@3"], fired);
    }

    [Fact]
    public void A_period_repeats_until_the_timer_is_disposed()
    {
        var timer = Timer("a", Second, 2 * Second);

        clock.Advance(6 * Second);
        timer.Dispose();
        clock.Advance(6 * Second);

        Assert.Equal(["a@1", "a@3", "a@5"], fired);
        Assert.False(timer.Change(Second, Second));
        Assert.Equal(0, clock.ArmedTimers);
    }

    [Fact]
    public void A_change_replaces_what_was_set()
    {
        using var timer = Timer("a", Second);

        timer.Change(3 * Second, Timeout.InfiniteTimeSpan);
        clock.Advance(2 * Second);
        var early = fired.Count;
        clock.Advance(Second);
        timer.Change(Second, Timeout.InfiniteTimeSpan);
        timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        clock.Advance(9 * Second);

        Assert.Equal(0, early);
        Assert.Equal(["a@3"], fired);
    }

    [Fact]
    public void A_timer_due_at_once_fires_in_the_call()
    {
        using var once = Timer("once", TimeSpan.Zero);
        using var repeated = Timer("repeated", TimeSpan.Zero, Second);

        Assert.Equal(["once@0", "repeated@0"], fired);
        clock.Advance(Second);
        Assert.Equal(["once@0", "repeated@0", "repeated@1"], fired);
    }

    [Fact]
    public void A_timer_made_by_a_callback_fires_in_the_same_advance()
    {
        ITimer? inner = null;
        using var outer = clock.CreateTimer(_ => inner = Timer("inner", Second), null, Second, Timeout.InfiniteTimeSpan);

        clock.Advance(5 * Second);

        Assert.Equal(["inner@2"], fired);
        inner!.Dispose();
    }

    [Fact]
    public void A_timer_disposed_by_an_earlier_one_does_not_fire()
    {
        var victim = Timer("victim", 2 * Second);
        using var other = clock.CreateTimer(_ => victim.Dispose(), null, Second, Timeout.InfiniteTimeSpan);

        clock.Advance(5 * Second);

        Assert.Empty(fired);
    }

    [Fact]
    public void An_advance_from_a_callback_throws()
    {
        using var timer = clock.CreateTimer(_ => clock.Advance(Second), null, Second, Timeout.InfiniteTimeSpan);

        Assert.Throws<InvalidOperationException>(() => clock.Advance(Second));
        clock.Advance(Second); // and the clock is usable afterwards
    }

    [Fact]
    public async Task A_delay_a_timeout_and_a_periodic_timer_of_the_framework_run_by_it()
    {
        using var periodic = new PeriodicTimer(Second, clock);
        using var timeout = new CancellationTokenSource(2 * Second, clock);
        var delay = Task.Delay(3 * Second, clock);
        var tick = periodic.WaitForNextTickAsync().AsTask();

        clock.Advance(Second);
        Assert.True(await tick.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.False(timeout.IsCancellationRequested);
        clock.Advance(Second);
        Assert.True(timeout.IsCancellationRequested);
        Assert.False(delay.IsCompleted);
        clock.Advance(Second);

        await delay.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_test_can_await_that_a_delay_has_begun()
    {
        var two = clock.WhenArmedAsync(2);
        var first = Task.Run(() => Task.Delay(Second, clock));
        await clock.WhenArmedAsync(1).WaitAsync(TimeSpan.FromSeconds(30));
        var early = two.IsCompleted;
        var second = Task.Run(() => Task.Delay(Second, clock));
        await two.WaitAsync(TimeSpan.FromSeconds(30));

        clock.Advance(Second);

        Assert.False(early);
        await Task.WhenAll(first, second).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(0, clock.ArmedTimers);
    }

    private ITimer Timer(string name, TimeSpan due, TimeSpan? period = null)
    {
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        return clock.CreateTimer(
            _ => fired.Add($"{name}@{(clock.GetUtcNow() - start).TotalSeconds}"), null, due, period ?? Timeout.InfiniteTimeSpan);
    }
}
