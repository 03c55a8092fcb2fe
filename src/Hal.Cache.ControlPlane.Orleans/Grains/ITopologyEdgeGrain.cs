using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Orleans.Concurrency;

namespace Hal.Cache.ControlPlane.Orleans.Grains;

/// <summary>One directed link: what is configured and what was measured. Key: tree/from->to.</summary>
internal interface ITopologyEdgeGrain : IGrainWithStringKey
{
    Task<Result<Link>> SetAsync(LinkSettings settings, CancellationToken cancellation);

    /// <summary>Takes the settings back; what is measured stays.</summary>
    Task<Result<Done>> RemoveAsync(CancellationToken cancellation);

    Task<Result<Done>> ObserveAsync(LinkObservation[] observations, CancellationToken cancellation);

    /// <summary>The link as it is now; the tree's picture of it may be older.</summary>
    [AlwaysInterleave]
    Task<Link> DescribeAsync();

    /// <summary>Forgets what was measured, since an end of the link has left.</summary>
    [AlwaysInterleave]
    Task ForgetAsync();
}
