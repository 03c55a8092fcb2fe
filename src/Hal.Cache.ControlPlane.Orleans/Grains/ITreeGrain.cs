using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Sharding;

namespace Hal.Cache.ControlPlane.Orleans.Grains;

/// <summary>What the grains of a tree have to know of it and tell it, and its event log; by the tree's name.</summary>
internal interface ITreeGrain : IGrainWithStringKey
{
    /// <summary>Who is in the tree and who owns which slots.</summary>
    Task<TreeView> ViewAsync();

    /// <summary>What routes are ranked with elsewhere; where the asker has this life's links up to a revision, only those changed since.</summary>
    Task<RouteView> RouteViewAsync(string? life, long revision);

    /// <summary>A link as the tree has it; null where there is none.</summary>
    Task<Link?> FindLinkAsync(string from, string to);

    /// <summary>Takes a link as its grain has it: NotFound where an end is not known, Busy where there are too many.</summary>
    Task<Result<Done>> TakeLinkAsync(Link told);

    /// <summary>Takes what a prestage job's grain tells of it.</summary>
    Task TakeJobAsync(PrestageInfo job);

    /// <summary>Takes what came of a batch; a repeat changes nothing.</summary>
    Task TakeAsync(BatchOutcome outcome);

    /// <summary>Has events published on the tree's stream for a while; answers the newest.</summary>
    Task<LogPlace> WantStreamAsync();

    IAsyncEnumerable<StreamItem> SubscribeAsync(Subscription subscription, CancellationToken cancellation);
}
