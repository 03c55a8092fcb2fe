using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;

namespace Hal.Cache.Node.Tree;

/// <summary>The routes of an instance that knows nothing but its place: its parent, which relays, then the root.</summary>
public sealed class ParentFirstRoutes(string parent, string root) : IFetchRoutes
{
    private readonly FetchSource[] sources = parent == root ? [new(root)] : [new(parent), new(root)];

    public ValueTask<IReadOnlyList<FetchSource>> SourcesAsync(RangeRequest range, CancellationToken cancellation) => new(sources);

    public void Failed(FetchSource source, RangeRequest range, CacheErrorCode why)
    {
        // There is no other way that could be gone instead.
    }
}
