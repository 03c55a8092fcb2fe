using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Orleans.Roles;

/// <summary>Lists as the codec wants them: keys in an array, which goes as one block.</summary>
internal static class Packed
{
    public static CacheKey[] Keys(IReadOnlyList<CacheKey> keys) => keys as CacheKey[] ?? [.. keys];
}
