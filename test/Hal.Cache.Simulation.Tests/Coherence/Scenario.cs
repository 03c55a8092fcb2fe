using Hal.Cache.Coherence;
using Hal.Cache.Testing.Simulation;

namespace Hal.Cache.Simulation.Tests.Coherence;

/// <summary>A cluster without chance, driven step by step; times in milliseconds.</summary>
internal sealed class Scenario
{
    public const int Root = SimCluster.RootNode;

    public Scenario(int leaves = 2, double smallValues = 1, double rho = 0, CoherenceOptions? options = null)
    {
        var settings = new SimSettings { Leaves = leaves, Rho = rho, SmallValues = smallValues };
        Cluster = new SimCluster(1, settings, options: options) { Network = { Faults = new SimFaults(0, 0, 0, 900, 1000, 0) } };
        For(50);
        foreach (var leaf in Cluster.Leaves) Assert.True(leaf.Holder.IsConnected);
    }

    public SimCluster Cluster { get; }

    public SimLeaf Leaf(int node) => Cluster.Leaves[node - 1];

    public void For(double milliseconds) => Cluster.Scheduler.RunUntil(Cluster.Scheduler.Now + (long)(milliseconds * 1000));

    public Step Read(int node, int key = 1) => Begin(node, OperationKind.Read, key, 0);

    public Step Set(int node, long value, int key = 1) => Begin(node, OperationKind.Set, key, value);

    public Step Increment(int node, int key = 0) => Begin(node, OperationKind.Increment, key, 0);

    /// <summary>A read that is answered within a few round trips; its value.</summary>
    public long? ReadNow(int node, int key = 1)
    {
        var step = Read(node, key);
        For(40);
        Assert.True(step.IsDone, $"read at {node} is not answered");
        return step.Result;
    }

    public void SetNow(int node, long value, int key = 1)
    {
        var step = Set(node, value, key);
        For(40);
        Assert.True(step.IsDone, $"write at {node} is not answered");
    }

    /// <summary>How long the step takes from now on, in milliseconds.</summary>
    public double Wait(Step step, double max)
    {
        var start = Cluster.Scheduler.Now;
        Assert.True(Cluster.Scheduler.RunUntil(start + (long)(max * 1000), () => step.IsDone), $"not done after {max} ms");
        return (Cluster.Scheduler.Now - start) / 1000.0;
    }

    public void Cut(int node, bool isCut = true)
    {
        Cluster.Network.Cut(node, Root, isCut);
        Cluster.Network.Cut(Root, node, isCut);
    }

    public void RestartRoot()
    {
        Cluster.Root.Crash();
        Cluster.Root.Start();
    }

    public void AssertLinearizable()
    {
        var violation = LinearizabilityChecker.FindViolation(Cluster.History);
        Assert.True(violation is null, $"{violation}\n{string.Join('\n', Cluster.History)}");
    }

    private Step Begin(int node, OperationKind kind, int key, long argument)
    {
        var step = new Step();
        var record = Cluster.Record(kind, key, argument);
        Cluster.Do(node, kind, key, argument, (known, result) =>
        {
            record(known, result);
            (step.IsDone, step.Known, step.Result) = (true, known, result);
        });
        return step;
    }

    internal sealed class Step
    {
        public bool IsDone { get; set; }

        public bool Known { get; set; }

        public long? Result { get; set; }
    }
}
