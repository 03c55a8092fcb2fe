using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;

namespace Hal.Cache.Node.Fetch;

/// <summary>One open version of an object; reads may run at the same time.</summary>
internal interface IObjectReader : IAsyncDisposable
{
    /// <summary>Whether a buffer of many parts costs hardly more than one of a single part.</summary>
    bool FillsParts { get; }

    /// <summary>
    /// Fills the buffer with the bytes at an offset, from front to back; tells how many are good each time more of them are. Changed where
    /// the version is gone.
    /// </summary>
    ValueTask<CacheError?> FillAsync(long offset, RangeBuffer buffer, Action<int> filled, CancellationToken cancellation);
}
