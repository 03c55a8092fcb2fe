using Hal.Cache.Contracts.Peers;
using Hal.Cache.Node.Tree;

namespace Hal.Cache.Gateway.Peers;

/// <summary>What a gateway has of the tree: the way in for peers, the way to them, and which commands go where.</summary>
public sealed class GatewayTree(IPeerAcceptor acceptor, IPeerClient peers, IKeyAuthorities authorities)
{
    public IPeerAcceptor Acceptor { get; } = acceptor;

    public IPeerClient Peers { get; } = peers;

    public IKeyAuthorities Authorities { get; } = authorities;
}
