using System.Security.Cryptography;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Storage.Eviction;

/// <summary>Makes eviction policies by the names that settings have for them.</summary>
public static class EvictionPolicies
{
    private static readonly Dictionary<string, Func<int, IEvictionPolicy>> Makers = new(StringComparer.OrdinalIgnoreCase)
    {
        [LruPolicy.PolicyName] = _ => new LruPolicy(),
        [LfuPolicy.PolicyName] = seed => new LfuPolicy(seed),
        [S3FifoPolicy.PolicyName] = seed => new S3FifoPolicy(seed),
        [RandomPolicy.PolicyName] = seed => new RandomPolicy(seed),
        [NoEvictionPolicy.PolicyName] = _ => new NoEvictionPolicy(),
    };

    public static IReadOnlyCollection<string> Names => Makers.Keys;

    /// <summary>A new policy for one store; what it leaves to chance follows from the seed. An unknown name is a bug of the caller.</summary>
    public static IEvictionPolicy Create(string name, int seed) =>
        Makers.TryGetValue(name, out Func<int, IEvictionPolicy>? make)
            ? make(seed)
            : throw new ArgumentException($"There is no eviction policy '{name}'; there are {string.Join(", ", Makers.Keys)}.", nameof(name));

    /// <summary>The same with a seed that nobody knows, so that no client can choose what is forgotten.</summary>
    public static IEvictionPolicy Create(string name) => Create(name, RandomNumberGenerator.GetInt32(int.MaxValue));
}
