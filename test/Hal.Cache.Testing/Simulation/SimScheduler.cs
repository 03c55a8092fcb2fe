namespace Hal.Cache.Testing.Simulation;

/// <summary>Virtual time, in microseconds since the start, and what is to happen when; events of one instant run in the order they were set.</summary>
public sealed class SimScheduler
{
    private readonly PriorityQueue<Action, (long Time, long Order)> events = new();
    private long order;

    public long Now { get; private set; }

    public void After(long microseconds, Action action) => events.Enqueue(action, (Now + Math.Max(0, microseconds), order++));

    /// <summary>Runs events until a time, or until the condition holds after one of them.</summary>
    public bool RunUntil(long time, Func<bool>? condition = null)
    {
        while (events.TryPeek(out var action, out var due) && due.Time <= time)
        {
            events.Dequeue();
            Now = due.Time;
            action();
            if (condition?.Invoke() == true) return true;
        }

        Now = Math.Max(Now, time);
        return condition?.Invoke() == true;
    }
}
