using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Node.Values;

/// <summary>A collection whose key goes with its last element.</summary>
public interface ICollectionValue : IObjectValue
{
    bool IsEmpty { get; }

    /// <summary>The earliest time at which a part of it expires, in Unix milliseconds; <see cref="long.MaxValue"/> where none does.</summary>
    long NextExpiry => long.MaxValue;
}
