using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Tree.Tests;

/// <summary>One tree of root, branch and leaf for all tests of a class.</summary>
public sealed class ThreeLevels : IDisposable
{
    public TreeProcesses Tree { get; } = TreeProcesses.ThreeLevels();

    public RespTestClient Connect(string name) => new(Tree[name].Port);

    public long Counter(string instance, string name) => TreeProcesses.Counter(Tree[instance], name);

    public void Dispose() => Tree.Dispose();
}
