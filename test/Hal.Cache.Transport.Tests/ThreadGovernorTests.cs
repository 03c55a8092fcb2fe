namespace Hal.Cache.Transport.Tests;

public sealed class ThreadGovernorTests
{
    private const int Seed = 11;
    private readonly Random random = new(Seed);
    private readonly ThreadGovernor governor = new(threadsMax: 4);
    private int threads = 1;

    [Fact]
    public void More_threads_stay_where_they_move_more()
    {
        int[] used = Run(windows: 2000, number => Math.Min(number, 2) * 100.0, busy: 1);

        Assert.True(used[2] > 1800, $"seed {Seed}: windows with 1, 2 and 4 threads: {used[1]}, {used[2]}, {used[4]}");
    }

    [Fact]
    public void One_thread_stays_where_more_of_them_move_no_more()
    {
        int[] used = Run(windows: 2000, static number => number == 1 ? 100 : 95, busy: 1);

        Assert.True(used[1] > 1900, $"seed {Seed}: windows with 1, 2 and 4 threads: {used[1]}, {used[2]}, {used[4]}");
    }

    [Fact]
    public void The_number_follows_the_load()
    {
        Run(windows: 1000, static number => 100, busy: 1);

        int[] heavy = Run(windows: 100, static number => 1000.0 * number, busy: 1);
        int[] light = Run(windows: 100, static number => 100.0 / number, busy: 1);

        Assert.True(heavy[4] > 60, $"seed {Seed}: four threads in {heavy[4]} of 100 windows where each moves as much as the first");
        Assert.True(light[1] > 50, $"seed {Seed}: one thread in {light[1]} of 100 windows where each more costs");
    }

    [Fact]
    public void Threads_with_little_to_do_are_given_up()
    {
        Run(windows: 200, static number => 100.0 * number, busy: 1);
        Assert.NotEqual(1, threads);

        int[] used = Run(windows: 10, static number => 1, busy: 0.1);

        Assert.Equal(1, threads);
        Assert.InRange(used[1], 9, 10);
    }

    [Fact]
    public void Threads_that_are_seldom_busy_try_nothing()
    {
        int[] used = Run(windows: 500, static number => 100.0 * number, busy: 0.5);

        Assert.Equal(500, used[1]);
    }

    [Fact]
    public void A_trial_with_a_pause_in_it_is_given_up()
    {
        while (threads == 1)
            Look(static number => 100, busy: 1);

        threads = governor.Look(new(TimeSpan.FromSeconds(1), Busy: 0.1, Bytes: 1_000_000));

        Assert.Equal(1, threads);
    }

    [Fact]
    public void A_number_that_can_not_be_had_is_not_asked_for_again_soon()
    {
        while (threads == 1)
            Look(static number => 100, busy: 1);

        governor.Refused(running: threads = 1);
        int[] used = Run(windows: 500, static number => 100.0 * number, busy: 1);

        Assert.Equal(500, used[1]);
    }

    // Windows by the number of threads that was in use after them.
    private int[] Run(int windows, Func<int, double> bytes, double busy)
    {
        var used = new int[5];
        for (int i = 0; i < windows; i++)
            used[Look(bytes, busy)]++;
        return used;
    }

    // Neighbours take up to a tenth of the machine.
    private int Look(Func<int, double> bytes, double busy) => threads = governor.Look(
        new(ThreadGovernor.Window, busy * threads, (long)(bytes(threads) * 1000 * (1 - (random.NextDouble() / 10)))));
}
