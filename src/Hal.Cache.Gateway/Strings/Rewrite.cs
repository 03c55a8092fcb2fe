using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Gateway.Strings;

/// <summary>A large value that a command needs built before it can end: of which strings, and how.</summary>
internal sealed class Rewrite(
    ValueSnapshot[] sources,
    Func<ValueSnapshot[], CancellationToken, ValueTask<(ILargeValue? Value, CacheError? Error)>> build) : IDisposable
{
    public ValueTask<(ILargeValue? Value, CacheError? Error)> BuildAsync(CancellationToken cancellation) => build(sources, cancellation);

    public long[] Versions() => Array.ConvertAll(sources, source => source.Version);

    public void Dispose()
    {
        foreach (ValueSnapshot source in sources) source.Dispose();
    }
}
