using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Hosting;
using Hal.Cache.ControlPlane.Orleans.Records;
using Orleans.Placement;
using Orleans.Runtime;

namespace Hal.Cache.ControlPlane.Orleans.Grains;

/// <summary>
/// One link, on the silo that called it first, mostly that of the instance which observes it. It tells the tree when a figure has moved, so that
/// what is measured all the time costs the tree little. One call at a time, and the tree waits for none of them.
/// </summary>
[PreferLocalPlacement]
internal sealed class TopologyEdgeGrain(ITreeResources resources, RecordHomes homes, OrleansPlaneOptions options) : Grain, ITopologyEdgeGrain, IDisposable
{
    private TreeGrains tree = null!;
    private LinkHost? link;

    private LinkHost Own => link!;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        tree = TreeGrains.Of(this, GrainFactory, homes, options);
        var (from, to) = tree.Key.Ends;
        link = new LinkHost(from, to, resources.Store(tree.Key.Tree), resources.Clock(tree.Key.Tree));
        // The caller tries again; the store may be back by then.
        if (await link.LoadAsync(cancellationToken) is { } error) throw new OrleansException($"the link from '{from}' to '{to}' can't be read: {error.Message}");
        var picture = await tree.Calls.AskAsync(() => tree.Tree.FindLinkAsync(from, to), cancellationToken);
        if (picture is { IsOk: true, Value: { } seen }) link.Recall(seen);
    }

    public void Dispose() => link?.Dispose();

    public async Task<Result<Link>> SetAsync(LinkSettings settings, CancellationToken cancellation)
    {
        var set = await Own.SetAsync(settings, cancellation);
        // Another life of this grain has written, as where the cluster was parted: the next one reads what is stored.
        if (set.Error?.Code == CacheErrorCode.Changed) DeactivateOnIdle();
        if (!set.IsOk) return set.Error;
        if (await TellAsync(cancellation) is not { } error) return set.Value;
        // One too many must not come back from the store.
        if (error.Code == CacheErrorCode.Busy) await Own.RemoveAsync(cancellation);
        return error;
    }

    public async Task<Result<Done>> RemoveAsync(CancellationToken cancellation)
    {
        var removed = await Own.RemoveAsync(cancellation);
        if (!removed.IsOk) return removed.Error;
        return await TellAsync(cancellation) is { Code: CacheErrorCode.Unavailable } error ? error : Done.Value;
    }

    public async Task<Result<Done>> ObserveAsync(LinkObservation[] observations, CancellationToken cancellation)
    {
        Own.Observe(observations);
        if (Own.HasNews) await TellAsync(cancellation);
        return Done.Value;
    }

    public Task<Link> DescribeAsync() => Task.FromResult(Own.Describe());

    public Task ForgetAsync()
    {
        Own.Forget();
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    // The tree knows which links may be; one that may not is nothing here either.
    private async Task<CacheError?> TellAsync(CancellationToken cancellation)
    {
        var described = Own.Describe();
        var told = await tree.Calls.CallAsync(() => tree.Tree.TakeLinkAsync(described), cancellation);
        if (told.IsOk)
        {
            Own.Tell(described);
        }
        else if (told.Error.Code != CacheErrorCode.Unavailable)
        {
            Own.Forget();
            DeactivateOnIdle();
        }
        return told.Error;
    }
}
