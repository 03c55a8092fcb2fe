namespace Hal.Cache.Testing.Simulation;

/// <summary>A node's monotonic clock, in microseconds of its own: it runs at a rate near 1 that may change.</summary>
public sealed class SimClock(SimScheduler scheduler, double rate)
{
    private long baseLocal = 1_000_000;
    private long baseReal = scheduler.Now;

    public double Rate { get; private set; } = rate;

    public long Now => baseLocal + (long)((scheduler.Now - baseReal) * Rate);

    public void SetRate(double value)
    {
        (baseLocal, baseReal) = (Now, scheduler.Now);
        Rate = value;
    }
}
