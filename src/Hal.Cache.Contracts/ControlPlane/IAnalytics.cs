namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>Use over sliding windows, soft state.</summary>
public interface IAnalytics
{
    /// <summary>Use of one instance, or of all together where <see cref="UsageQuery.Instance"/> is null.</summary>
    Task<Result<UsageReport>> UsageAsync(UsageQuery query, CancellationToken cancellation);

    /// <summary>The most read keys by a bounded sketch, most read first; at most <see cref="ControlPlaneLimits.PopularKeysMax"/>.</summary>
    Task<Result<IReadOnlyList<PopularKey>>> PopularKeysAsync(string? instance, int limit, CancellationToken cancellation);

    /// <summary>Bytes and money by link in the window.</summary>
    Task<Result<IReadOnlyList<LinkUsage>>> LinkUsageAsync(int windowSeconds, CancellationToken cancellation);

    /// <summary>Which instances are full, cold, or under pressure.</summary>
    Task<Result<IReadOnlyList<ScalingSignal>>> ScalingSignalsAsync(CancellationToken cancellation);
}
