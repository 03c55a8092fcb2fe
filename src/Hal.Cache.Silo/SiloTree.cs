using System.Security.Cryptography;
using Hal.Cache.Contracts.Connections;
using Hal.Cache.Contracts.Instances;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Peers;
using Hal.Cache.Node;
using Hal.Cache.Node.Tree;
using Hal.Cache.Peers;
using Hal.Cache.Silo.Plane;
using Hal.Cache.Silo.Settings;

namespace Hal.Cache.Silo;

/// <summary>One instance's connections to its tree: the coherence host, the peer client, the way in.</summary>
internal sealed class SiloTree : IAsyncDisposable
{
    /// <summary>Part of the memory's limit that peers' memory may take of this process's, where values take all of it; else what they leave.</summary>
    private const int MappedPart = 8;

    private readonly TreeNode node;
    private readonly PeerClient peers;

    public SiloTree(SiloOptions options, TreeState state, Keyspace keyspace, PeerDirectory directory, ISocketLoops? loops, TreeClock time)
    {
        IStoreStatistics store = keyspace.Store.Statistics;
        var wire = new PeerOptions
        {
            Name = options.Name,
            Secret = options.ClusterSecret,
            SharesMemory = options.SharesMemory,
            MappedBytesMax = () => Math.Max(store.MemoryLimitBytes / MappedPart, store.MemoryLimitBytes - store.MemoryBytes),
        };
        var tree = new TreeOptions
        {
            Name = options.Name,
            Roots = options.Roots,
            Parent = options.Parent.Length > 0 ? options.Parent : null,
            Instance = state.Instance,
            Clock = time,
        };
        tree.Coherence.Mode = options.Coherence;
        peers = new PeerClient(directory, wire, time, loops);
        Routes = options.Role == InstanceRole.Root ? null : new PlaneRoutes(options.Name, options.Parent, options.Roots, directory, time);
        node = Routes is null
            ? TreeNode.AtRoot(tree, keyspace, state.Epoch, state.Holders, time)
            : TreeNode.Below(tree, keyspace, peers, Routes, state, time);
        Gateway = new GatewayTree(new PeerAcceptor(node.Host, wire, time), peers, node);
    }

    public GatewayTree Gateway { get; }

    public TreeNode Node => node;

    /// <summary>How the other instances are reached.</summary>
    public IPeerClient Peers => peers;

    /// <summary>Null at the root, which asks nobody.</summary>
    public PlaneRoutes? Routes { get; }

    /// <summary>Seed of the hash of keys, the same in all instances that share a secret.</summary>
    public static ulong HashSeed(byte[] secret) => BitConverter.ToUInt64(HMACSHA256.HashData(secret, "hal-key-hash"u8));

    public void Start() => node.Start();

    public async ValueTask DisposeAsync()
    {
        await node.DisposeAsync();
        await peers.DisposeAsync();
    }
}
