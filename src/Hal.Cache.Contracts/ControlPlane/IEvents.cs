namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>Change events, in and out; actors: cache instance by name, and one event log.</summary>
public interface IEvents
{
    /// <summary>
    /// Takes an instance's changes in the order of their sequence; what was taken before is skipped. StaleEpoch, NotFound: register again.
    /// Invalid: malformed or over a limit, nothing of the batch is taken.
    /// </summary>
    Task<Result<ReportReply>> ReportAsync(EventBatch batch, CancellationToken cancellation);

    /// <summary>Which of an instance's digests differ from the content map's at the same sequence.</summary>
    Task<Result<DigestReply>> CompareDigestsAsync(DigestQuery query, CancellationToken cancellation);

    /// <summary>
    /// Events as they are taken, from a position on; ends when cancelled. A subscriber that falls more than
    /// <see cref="ControlPlaneLimits.SubscriberQueueMax"/> events behind is told by a notice and goes on with the oldest kept.
    /// </summary>
    IAsyncEnumerable<StreamItem> SubscribeAsync(Subscription subscription, CancellationToken cancellation);
}
