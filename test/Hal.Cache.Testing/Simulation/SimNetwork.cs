namespace Hal.Cache.Testing.Simulation;

/// <summary>Datagrams between numbered nodes, lost, doubled, delayed and thereby reordered as the faults say; links can be cut.</summary>
public sealed class SimNetwork(SimScheduler scheduler, Random random)
{
    private readonly Dictionary<int, Action<int, object>> receivers = [];
    private readonly HashSet<(int From, int To)> cut = [];

    public SimFaults Faults { get; set; } = SimFaults.None;

    /// <summary>Sees each message as it is sent and may say how long it takes, in microseconds; a negative time loses it, null leaves it to chance.</summary>
    public Func<int, int, object, long?>? Direct { get; set; }

    public long Sent { get; private set; }

    public void Attach(int node, Action<int, object> receive) => receivers[node] = receive;

    public void Cut(int from, int to, bool isCut)
    {
        if (isCut) cut.Add((from, to));
        else cut.Remove((from, to));
    }

    public void Heal() => cut.Clear();

    public void Send(int from, int to, object message)
    {
        Sent++;
        if (Direct?.Invoke(from, to, message) is { } delay)
        {
            if (delay >= 0) Deliver(from, to, message, delay);
            return;
        }

        if (!cut.Contains((from, to)) && random.NextDouble() >= Faults.Loss) Deliver(from, to, message, Delay());
        if (!cut.Contains((from, to)) && random.NextDouble() < Faults.Duplication) Deliver(from, to, message, Delay());
    }

    private void Deliver(int from, int to, object message, long delay) => scheduler.After(delay, () => receivers[to](from, message));

    private long Delay() =>
        random.NextDouble() < Faults.LongDelay ? random.NextInt64(Faults.DelayMin, Faults.LongDelayMax) : random.NextInt64(Faults.DelayMin, Faults.DelayMax);
}
