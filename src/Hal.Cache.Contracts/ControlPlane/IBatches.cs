namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>Batches: scopes of work, by name, whose prestage jobs and pins end together.</summary>
public interface IBatches
{
    /// <summary>
    /// Begins a batch, or gives one that runs another end; durable. Conflict: the name is of a batch that has ended. Busy: more than
    /// <see cref="ControlPlaneLimits.BatchesMax"/> that have not.
    /// </summary>
    Task<Result<BatchInfo>> BeginAsync(string batch, BatchRequest request, CancellationToken cancellation);

    Task<Result<BatchInfo>> GetAsync(string batch, CancellationToken cancellation);

    /// <summary>Batches, by name.</summary>
    Task<Result<Page<BatchInfo>>> ListAsync(PageRequest page, CancellationToken cancellation);

    /// <summary>
    /// Ends a batch: its prestage jobs are cancelled and its pins taken back, and none is added any more; what was copied stays. Ending a batch that has
    /// ended changes nothing. What can't be done now, of which the error tells, is tried again until it is.
    /// </summary>
    Task<Result<BatchInfo>> EndAsync(string batch, CancellationToken cancellation);
}
