using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Hosting;
using Hal.Cache.ControlPlane.Orleans.Records;
using Orleans.Placement;
using Orleans.Runtime;

namespace Hal.Cache.ControlPlane.Orleans.Grains;

/// <summary>
/// One prestage job: takes a call, asks the domain. Where its silo dies the next call makes it anew elsewhere, with what the store has. One call at a
/// time; the tree and the records, which it calls, never wait for it in a call of its own. Where the job has ended, it goes.
/// </summary>
[KeepAlive]
[HashBasedPlacement]
internal sealed class PrestageJobGrain(ITreeResources resources, RecordHomes homes, OrleansPlaneOptions options) : Grain, IPrestageJobGrain, IDisposable
{
    private TreeGrains tree = null!;
    private PrestageJobHost? job;

    private PrestageJobHost Job => job!;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        tree = TreeGrains.Of(this, GrainFactory, homes, options);
        var key = tree.Key;
        job = new PrestageJobHost(key.Name, resources.Store(key.Tree), new GrainContentIndex(tree.Records), resources.Clock(key.Tree));
        // The caller tries again; the store may be back by then.
        if (await job.LoadAsync(cancellationToken) is { } error) throw new OrleansException($"prestage job '{key.Name}' can't be read: {error.Message}");
        this.RegisterGrainTimer(KeepAsync, new GrainTimerCreationOptions(options.Plane.Housekeeping, options.Plane.Housekeeping));
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (job is not null) await job.KeepAsync(cancellationToken);
    }

    public void Dispose() => job?.Dispose();

    public async Task<Result<PrestageInfo>> BeginAsync(PrestageRequest request, DateTimeOffset createdAt, CacheKey[] keys, CancellationToken cancellation)
    {
        var begun = await Job.BeginAsync(request, createdAt, keys, cancellation);
        // The tree has it by this answer.
        if (begun.IsOk) Job.Tell(begun.Value);
        return begun;
    }

    public Task<Result<PrestageInfo>> DescribeAsync(CancellationToken cancellation) => ToldAsync(Job.Describe());

    public async Task<Result<PrestageInfo>> CancelAsync(CancellationToken cancellation) => await ToldAsync(await Job.CancelAsync(cancellation));

    public async Task<Result<PrestageWork>> TakeAsync(string instance, int keysMax, CancellationToken cancellation) =>
        await ToldAsync(await Job.TakeAsync(instance, keysMax, cancellation));

    public Task<Result<Done>> SettleAsync(PrestageProgress progress, CancellationToken cancellation) => ToldAsync(Job.Settle(progress));

    private async Task KeepAsync(CancellationToken cancellation)
    {
        await Job.KeepAsync(cancellation);
        await ToldAsync(true);
    }

    // Whatever was asked, the tree has to know how the job stands afterwards.
    private async Task<T> ToldAsync<T>(T answer)
    {
        if (Job is { HasNews: true } && Job.Describe() is { IsOk: true, Value: var described })
        {
            var told = await tree.Calls.AskAsync(
                async () =>
                {
                    await tree.Tree.TakeJobAsync(described);
                    return true;
                },
                CancellationToken.None);
            if (told.IsOk) Job.Tell(described);
        }
        if (Job.IsOver) DeactivateOnIdle();
        return answer;
    }
}
