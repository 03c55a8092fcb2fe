using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Sharding;

namespace Hal.Cache.ControlPlane.Orleans.Grains;

/// <summary>What the grains of a tree have to know of it and tell it, and its event log; by the tree's name.</summary>
internal interface ITreeGrain : IGrainWithStringKey
{
    /// <summary>Who is in the tree and who owns which slots.</summary>
    Task<TreeView> ViewAsync();

    /// <summary>Takes what came of a batch; a repeat changes nothing.</summary>
    Task TakeAsync(BatchOutcome outcome);

    IAsyncEnumerable<StreamItem> SubscribeAsync(Subscription subscription, CancellationToken cancellation);
}
