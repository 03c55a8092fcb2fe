namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>What a scheduler asks for: where a job should run, warming before it, and keeping while it runs.</summary>
public interface IScheduling
{
    /// <summary>How warm each candidate is for the keys, best first. Invalid: more keys than <see cref="ControlPlaneLimits.SelectionKeysMax"/>.</summary>
    Task<Result<AffinityReport>> AffinityAsync(AffinityRequest request, CancellationToken cancellation);

    /// <summary>Makes or replaces a named list of keys, at most <see cref="ControlPlaneLimits.SelectionKeysMax"/>; durable.</summary>
    Task<Result<ManifestInfo>> PutManifestAsync(string manifest, IReadOnlyList<CacheKey> keys, CancellationToken cancellation);

    Task<Result<ManifestInfo>> GetManifestAsync(string manifest, CancellationToken cancellation);

    /// <summary>The keys of a manifest, in pages; a manifest that is replaced meanwhile begins a cursor anew in the list that is there then.</summary>
    Task<Result<Page<CacheKey>>> ListManifestKeysAsync(string manifest, PageRequest page, CancellationToken cancellation);

    Task<Result<Done>> RemoveManifestAsync(string manifest, CancellationToken cancellation);

    /// <summary>Starts copying keys to instances; durable.</summary>
    Task<Result<PrestageInfo>> PrestageAsync(PrestageRequest request, string? idempotencyKey, CancellationToken cancellation);

    Task<Result<PrestageInfo>> GetPrestageAsync(string job, CancellationToken cancellation);

    /// <summary>Jobs, newest first.</summary>
    Task<Result<Page<PrestageInfo>>> ListPrestagesAsync(PageRequest page, CancellationToken cancellation);

    /// <summary>Ends a job that has not ended; what is copied stays. Cancelling an ended job changes nothing.</summary>
    Task<Result<PrestageInfo>> CancelPrestageAsync(string job, CancellationToken cancellation);

    /// <summary>The keys that an instance should fetch next, by priority and deadline; it takes them for <see cref="PrestageWork.TakenForMs"/>.</summary>
    Task<Result<IReadOnlyList<PrestageWork>>> TakePrestageWorkAsync(string instance, int keysMax, CancellationToken cancellation);

    /// <summary>Tells how fetches of a job went at an instance.</summary>
    Task<Result<Done>> ReportPrestageAsync(PrestageProgress progress, CancellationToken cancellation);

    /// <summary>
    /// Keeps keys from eviction at an instance until an end, once they are there; durable. NoRoom: the instance's pins would keep more than
    /// <see cref="ControlPlaneLimits.PinnedShareMax"/> of its store, or more than <see cref="ControlPlaneLimits.PinnedKeysMax"/> keys.
    /// </summary>
    Task<Result<PinInfo>> PinAsync(PinRequest request, string? idempotencyKey, CancellationToken cancellation);

    Task<Result<Done>> UnpinAsync(string pin, CancellationToken cancellation);

    /// <summary>Pins, of one instance or of all.</summary>
    Task<Result<Page<PinInfo>>> ListPinsAsync(string? instance, PageRequest page, CancellationToken cancellation);
}
