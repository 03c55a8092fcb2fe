namespace Hal.Cache.Testing.Simulation;

/// <summary>What a network does to messages: probabilities as parts of 1, delays in microseconds.</summary>
public sealed record SimFaults(double Loss, double Duplication, double LongDelay, long DelayMin, long DelayMax, long LongDelayMax)
{
    public static SimFaults None { get; } = new(0, 0, 0, 100, 2000, 0);
}
