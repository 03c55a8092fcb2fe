using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Node.Fetch;

/// <summary>Is told what is fetched, never of a hit; called from any thread, without locks, and must not wait.</summary>
public interface IFetchSink
{
    /// <summary>All chunks of a large value are here.</summary>
    void Completed(int database, ReadOnlyMemory<byte> key, ILargeValue value, Retrieval retrieval);

    /// <summary>A read of a range from another instance begins.</summary>
    void TransferBegan(string source);

    /// <summary>It ended, with so many good bytes.</summary>
    void TransferEnded(string source, long bytes);
}
