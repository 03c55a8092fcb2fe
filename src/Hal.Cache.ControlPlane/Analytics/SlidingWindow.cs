namespace Hal.Cache.ControlPlane.Analytics;

/// <summary>Sums over the last time in steps; steps are made when something happens in them. Not thread-safe.</summary>
internal sealed class SlidingWindow<T>(TimeProvider time)
    where T : class, new()
{
    /// <summary>Length of a step, in seconds: how coarsely a window begins.</summary>
    public const int StepSeconds = 15;

    private const int Steps = (Contracts.ControlPlane.ControlPlaneLimits.WindowSecondsMax / StepSeconds) + 1;

    private readonly Queue<(long Step, T Counts)> steps = new();
    private (long Step, T Counts) current = (-1, new T());

    /// <summary>The counts of this moment's step, to be added to.</summary>
    public T Now
    {
        get
        {
            var step = Step();
            if (step > current.Step)
            {
                current = (step, new T());
                steps.Enqueue(current);
                while (steps.Peek().Step <= step - Steps) steps.Dequeue();
            }
            return current.Counts;
        }
    }

    /// <summary>The counts of the steps that lie in the window in whole or part.</summary>
    public IEnumerable<T> Last(int seconds)
    {
        var from = Step() - ((seconds + StepSeconds - 1) / StepSeconds);
        return steps.Where(s => s.Step > from).Select(s => s.Counts);
    }

    private long Step() => time.GetUtcNow().ToUnixTimeSeconds() / StepSeconds;
}
