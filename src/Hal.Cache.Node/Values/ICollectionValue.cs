using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Node.Values;

/// <summary>A collection whose key goes with its last element.</summary>
public interface ICollectionValue : IObjectValue
{
    bool IsEmpty { get; }
}
