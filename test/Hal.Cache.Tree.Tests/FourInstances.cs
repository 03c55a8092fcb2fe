using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Tree.Tests;

/// <summary>One tree for all tests of what is pushed: a root, a branch with leaf a below it, and leaf b below the root.</summary>
public sealed class FourInstances : IDisposable
{
    public static readonly string[] Names = ["root", "branch", "a", "b"];

    public TreeProcesses Tree { get; } = TreeProcesses.Started(null, ("root", null), ("branch", "root"), ("a", "branch"), ("b", "root"));

    public RespTestClient Connect(string name) => new(Tree[name].Port);

    /// <summary>A client that speaks RESP3.</summary>
    public RespTestClient Connect3(string name)
    {
        var client = Connect(name);
        client.Command("HELLO", "3");
        return client;
    }

    /// <summary>Waits until every instance exchanges messages with those above and below it.</summary>
    public async Task LinkedAsync()
    {
        // Two ends for each of the three links.
        Assert.True(
            await Eventually.HoldsAsync(() => Names.Sum(name => TreeProcesses.Counter(Tree[name], "tree_message_links")) == 6, TimeSpan.FromSeconds(30)),
            "the instances did not find each other");
    }

    public void Dispose() => Tree.Dispose();
}

/// <summary>Tests that share the tree of four run one after the other, in one collection.</summary>
[CollectionDefinition(nameof(FourInstances))]
public sealed class FourInstancesGroup : ICollectionFixture<FourInstances>;
