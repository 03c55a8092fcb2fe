using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;

namespace Hal.Cache.Node.Tree;

/// <summary>Chooses where the bytes of an object are fetched from; what it answers is a matter of cost, never of correctness.</summary>
public interface IFetchRoutes
{
    /// <summary>Instances to ask for a range of one version of an object, the best first; never empty, and never waited for long.</summary>
    ValueTask<IReadOnlyList<FetchSource>> SourcesAsync(RangeRequest range, CancellationToken cancellation);

    /// <summary>Notes that a source did not bring what it was asked for; that one that is asked for what it holds holds it no more is no fault.</summary>
    void Failed(FetchSource source, RangeRequest range, CacheErrorCode why);
}
