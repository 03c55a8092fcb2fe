using System.Net;
using Hal.Cache.Benchmarks.Servers;

namespace Hal.Cache.Benchmarks.Load.Tree;

/// <summary>A root with the directory as its origin, a branch, and two leaves.</summary>
internal sealed class HalChain(RunningTree tree) : IChain
{
    public string Name => "hal";

    public Wire Wire => Wire.Resp;

    public IReadOnlyList<IPEndPoint> Leaves => [tree[RunningTree.Leaf].Endpoint, tree[RunningTree.Sibling].Endpoint];

    public string NameOf(string file) => TreeLimits.OriginPrefix + file;

    public long OriginBytes() => tree[RunningTree.Root].Counter("origin_bytes_read");

    public IReadOnlyList<IReadOnlyList<int>> Processes() => [.. tree.Instances.Select(instance => (IReadOnlyList<int>)[instance.Pid])];

    public void KillSource() => tree[RunningTree.Branch].Kill();

    public Task RestoreSourceAsync(CancellationToken cancel) => tree.RestartAsync(tree[RunningTree.Branch], cancel);

    public ValueTask DisposeAsync() => tree.DisposeAsync();
}
