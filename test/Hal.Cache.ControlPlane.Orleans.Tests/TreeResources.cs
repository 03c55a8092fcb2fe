using System.Collections.Concurrent;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Orleans.Tests;

/// <summary>Each tree's clock and store; in this process, so that all silos of a test cluster reach them.</summary>
internal sealed class TreeResources : ITreeResources
{
    private readonly ConcurrentDictionary<string, (TimeProvider Clock, IControlPlaneStore? Store)> trees = new(StringComparer.Ordinal);
    private int count;

    public string Add(TimeProvider clock, IControlPlaneStore? store)
    {
        var tree = $"tree-{Interlocked.Increment(ref count)}";
        trees[tree] = (clock, store);
        return tree;
    }

    public TimeProvider Clock(string tree) => trees[tree].Clock;

    public IControlPlaneStore? Store(string tree) => trees[tree].Store;
}
