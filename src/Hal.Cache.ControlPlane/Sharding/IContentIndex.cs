using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Sharding;

/// <summary>The ownership records of a tree where they are not in the process that asks: what routes and schedules are made from.</summary>
public interface IContentIndex
{
    /// <summary>Copies of keys, in the order of the request; of every instance that has told, whatever its state.</summary>
    Task<Result<LocatedKeys>> LocateAsync(IReadOnlyList<CacheKey> keys, CancellationToken cancellation);

    /// <summary>Keys and bytes by the sets of instances that hold them.</summary>
    Task<Result<HolderSums>> SumAsync(IReadOnlyList<CacheKey> keys, CancellationToken cancellation);

    /// <summary>Keys that begin so, in no order; one more than <paramref name="keysMax"/> where there are more.</summary>
    Task<Result<IReadOnlyList<CacheKey>>> KeysAsync(KeyPrefix prefix, int keysMax, CancellationToken cancellation);

    /// <summary>Those of the keys that an instance holds.</summary>
    Task<Result<IReadOnlyList<CacheKey>>> HeldAsync(string instance, IReadOnlyList<CacheKey> keys, CancellationToken cancellation);
}
