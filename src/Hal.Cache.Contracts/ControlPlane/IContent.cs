namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>The index of copies; actors: ownership record by hash slot, cache instance by name. Soft: it may lag the instances.</summary>
public interface IContent
{
    /// <summary>The holders of a key; none is an empty list, not an error.</summary>
    Task<Result<KeyLocation>> LocateAsync(CacheKey key, CancellationToken cancellation);

    /// <summary>The holders of up to <see cref="ControlPlaneLimits.KeysMax"/> keys, in the order of the request.</summary>
    Task<Result<IReadOnlyList<KeyLocation>>> LocateManyAsync(IReadOnlyList<CacheKey> keys, CancellationToken cancellation);

    /// <summary>
    /// Keys that begin with the prefix, in no order; a page ends early after <see cref="ControlPlaneLimits.ScannedMax"/> keys looked at,
    /// and its cursor then goes on.
    /// </summary>
    Task<Result<Page<KeyLocation>>> LocatePrefixAsync(KeyPrefix prefix, PageRequest page, CancellationToken cancellation);

    /// <summary>What an instance holds, in no order; pages as in <see cref="LocatePrefixAsync"/>. Null: all of it.</summary>
    Task<Result<Page<ContentEntry>>> InventoryAsync(string instance, KeyPrefix? prefix, PageRequest page, CancellationToken cancellation);

    Task<Result<ContentTotals>> TotalsAsync(CancellationToken cancellation);
}
