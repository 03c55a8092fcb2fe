namespace Hal.Cache.ControlPlane.Tests.Simulation;

/// <summary>Messages on their way: lost, doubled, delayed, and so reordered, by one random.</summary>
internal sealed class SimulatedNetwork(Random random)
{
    private readonly PriorityQueue<Action, (long AtMs, long Order)> queue = new();
    private long order;

    public bool IsFaulty { get; set; } = true;

    public long? NextAtMs => queue.TryPeek(out _, out var at) ? at.AtMs : null;

    public void Send(long nowMs, Action arrives)
    {
        if (IsFaulty && random.Next(100) < 15) return;
        var copies = IsFaulty && random.Next(100) < 10 ? 2 : 1;
        for (var i = 0; i < copies; i++)
        {
            var delay = IsFaulty && random.Next(100) < 20 ? random.Next(1500) : random.Next(1, 30);
            queue.Enqueue(arrives, (nowMs + delay, order++));
        }
    }

    public void Deliver(long nowMs)
    {
        while (queue.TryPeek(out var arrives, out var at) && at.AtMs <= nowMs)
        {
            queue.Dequeue();
            arrives();
        }
    }
}
