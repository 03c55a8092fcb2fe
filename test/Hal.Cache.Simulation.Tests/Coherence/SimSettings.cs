using Hal.Cache.Testing.Simulation;

namespace Hal.Cache.Simulation.Tests.Coherence;

/// <summary>What a simulated run has in it; times in microseconds, chances as parts of 1.</summary>
internal sealed record SimSettings
{
    public int Leaves { get; init; } = 3;

    /// <summary>Authorities; keys are theirs in turn.</summary>
    public int Roots { get; init; } = 1;

    public int Keys { get; init; } = 3;

    public int ClientsPerNode { get; init; } = 2;

    public int OperationsPerClient { get; init; } = 25;

    public int ThinkMax { get; init; } = 150_000;

    public double Writes { get; init; } = 0.35;

    public double SmallValues { get; init; } = 0.5;

    /// <summary>Largest error of a clock's rate.</summary>
    public double Rho { get; init; } = 0.1;

    public bool KnowsInstances { get; init; } = true;

    public SimFaults Faults { get; init; } = new(0.03, 0.05, 0.05, 200, 30_000, 1_500_000);

    /// <summary>How long a message takes; null where that is left to the faults.</summary>
    public Func<Random, object, long?>? Delay { get; init; }

    public int RootCrashes { get; init; } = 1;

    public int LeafCrashes { get; init; } = 2;

    public int Cuts { get; init; } = 2;

    public int Pauses { get; init; } = 2;

    public int Evictions { get; init; } = 25;

    public int Reconnects { get; init; } = 2;

    public int ClockChanges { get; init; } = 4;

    public int FlushAlls { get; init; }

    /// <summary>Commands that set two keys as one step.</summary>
    public int PairWrites { get; init; }

    /// <summary>Keys whose hashes are equal come in groups of this size.</summary>
    public int KeysPerHash { get; init; } = 1;

    /// <summary>Keys in the directory above which cold ones are forgotten.</summary>
    public int DirectoryKeysMax { get; init; } = 1000;

    /// <summary>How long faults go on.</summary>
    public long FaultsFor { get; init; } = 6_000_000;
}
