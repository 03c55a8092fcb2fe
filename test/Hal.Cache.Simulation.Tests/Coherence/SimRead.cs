namespace Hal.Cache.Simulation.Tests.Coherence;

/// <summary>A client's read that waits at a leaf, and others that wait for the same answer.</summary>
internal sealed class SimRead(Action<bool, long?> done)
{
    public List<SimRead> Others { get; } = [];

    public bool IsDone { get; private set; }

    public void Done(bool known, long? value)
    {
        IsDone = true;
        done(known, value);
        foreach (var other in Others) other.Done(known, value);
    }
}
