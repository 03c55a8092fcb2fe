using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Hosting;
using Hal.Cache.ControlPlane.Orleans.Records;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime;

namespace Hal.Cache.ControlPlane.Orleans.Grains;

/// <summary>
/// One batch: takes a call, asks the domain. It sleeps while nobody asks for it; a reminder wakes it at its end, and it has the tree end what it has, which
/// calls it back, so it is reentrant: the domain takes one change at a time.
/// </summary>
[Reentrant]
[HashBasedPlacement]
internal sealed class BatchGrain(ITreeResources resources, RecordHomes homes, OrleansPlaneOptions options) : Grain, IBatchGrain, IRemindable, IDisposable
{
    private const string Reminder = "end";

    // Orleans' shortest period; an end that could not be made is tried again after it.
    private static readonly TimeSpan Again = TimeSpan.FromMinutes(1);

    // A clock that is moved is seen after a day.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private BatchHost? batch;
    private TreeGrains tree = null!;
    private Task forgetting = Task.CompletedTask;

    private BatchHost Own => batch!;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        tree = TreeGrains.Of(this, GrainFactory, homes, options);
        batch = new BatchHost(tree.Key.Name, resources.Store(tree.Key.Tree), resources.Clock(tree.Key.Tree));
        // The caller tries again; the store may be back by then.
        if (await batch.LoadAsync(cancellationToken) is { } error) throw new OrleansException($"batch '{tree.Key.Name}' can't be read: {error.Message}");
    }

    public void Dispose() => batch?.Dispose();

    public async Task<Result<BatchInfo>> BeginAsync(BatchRequest request, CancellationToken cancellation)
    {
        var begun = Kept(await Own.BeginAsync(request, cancellation));
        if (!begun.IsOk) return begun.Error;
        // Without its reminder it has not begun; the caller's repeat sets that.
        return await RemindAsync() is { } error ? error : begun.Value;
    }

    public async Task<Result<BatchInfo>> CloseAsync(CancellationToken cancellation) => Kept(await Own.CloseAsync(cancellation));

    public async Task<Result<BatchInfo>> FinishAsync(CancellationToken cancellation)
    {
        var finished = Kept(await Own.FinishAsync(cancellation));
        // Not waited for: reminders of a silo that has just joined may not answer for half a minute. One that is left finds nothing to do, and takes itself back.
        if (finished.IsOk && forgetting.IsCompleted) forgetting = RemindAsync();
        return finished;
    }

    public async Task<Result<Done>> ForgetAsync(CancellationToken cancellation)
    {
        var forgotten = Kept(await Own.ForgetAsync(cancellation));
        DeactivateOnIdle();
        return forgotten;
    }

    public async Task ReceiveReminder(string reminderName, TickStatus status)
    {
        if (Own.UntilEnd == TimeSpan.Zero) await tree.Calls.CallAsync(() => tree.Batches.EndAsync(tree.Key.Name, CancellationToken.None), CancellationToken.None);
        // One that can't be ended now is reminded of again.
        if (Own.UntilEnd != TimeSpan.Zero) await RemindAsync();
    }

    // Another life of this grain has written, as where the cluster was parted: the next one reads what is stored.
    private Result<T> Kept<T>(Result<T> changed)
    {
        if (changed.Error?.Code == CacheErrorCode.Changed) DeactivateOnIdle();
        return changed;
    }

    /// <summary>Sets the reminder to the batch's end, or takes it back where there is none to come; null, or why it could not be set.</summary>
    private async Task<CacheError?> RemindAsync()
    {
        var end = Own.UntilEnd;
        try
        {
            if (end is { } left) await this.RegisterOrUpdateReminder(Reminder, left < LongestWait ? left : LongestWait, Again);
            else if (await this.GetReminder(Reminder) is { } set) await this.UnregisterReminder(set);
            return null;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // Whatever the provider throws: its database is away, or this silo was given no reminders.
            return end is null ? null : new CacheError(CacheErrorCode.Unavailable, $"the end of batch '{tree.Key.Name}' can't be kept in mind: {failure.Message}");
        }
    }
}
