using Hal.Cache.Contracts.Peers;
using Hal.Cache.Node.Fetch;

namespace Hal.Cache.Node.Tree;

/// <summary>What all reads from other instances share.</summary>
internal sealed record PeerReads(IPeerClient Peers, IFetchRoutes Routes, TreeStatistics Statistics, SemaphoreSlim Limit, Retrievals Retrievals, TimeProvider Time)
{
    /// <summary>What the sources that bring parts of objects together have to do.</summary>
    public SourceBalance Balance { get; } = new(Time);
}
