using Hal.Cache.Contracts.Peers;
using Hal.Cache.Node.Tree;

namespace Hal.Cache.Gateway.Peers;

/// <summary>What a gateway has of the tree: the way in for peers, the way to them, and which commands go where.</summary>
public sealed class GatewayTree(IPeerAcceptor acceptor, IPeerClient peers, TreeNode node)
{
    public IPeerAcceptor Acceptor { get; } = acceptor;

    public IPeerClient Peers { get; } = peers;

    public IKeyAuthorities Authorities { get; } = node.Authorities;

    /// <summary>The instance's part of the tree.</summary>
    public TreeNode Node { get; } = node;

    /// <summary>Whether keys can be read and written through this instance now.</summary>
    public bool IsConnected => Node.IsConnected;
}
