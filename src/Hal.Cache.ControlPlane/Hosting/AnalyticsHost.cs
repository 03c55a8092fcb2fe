using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Analytics;
using Hal.Cache.ControlPlane.Instances;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>Use over time, in this process.</summary>
internal sealed class AnalyticsHost(PlaneState state) : IAnalytics
{
    public Task<Result<UsageReport>> UsageAsync(UsageQuery query, CancellationToken cancellation)
    {
        if ((CheckWindow(query.WindowSeconds) ?? CheckInstance(query.Instance)) is { } error) return Task.FromResult<Result<UsageReport>>(error);
        var sum = state.Usage.Ask(u => u.Sum(query.Instance, query.WindowSeconds));
        return Task.FromResult<Result<UsageReport>>(new UsageReport
        {
            Instance = query.Instance,
            WindowSeconds = query.WindowSeconds,
            Hits = sum.Hits,
            Misses = sum.Misses,
            HitRate = sum.Hits + sum.Misses == 0 ? null : (double)sum.Hits / (sum.Hits + sum.Misses),
            KeysAdded = sum.KeysAdded,
            KeysRemoved = sum.KeysRemoved,
            Evictions = sum.Evictions,
            GrowthBytes = sum.GrowthBytes,
            GrowthKeys = sum.GrowthKeys,
            FetchedBytes = sum.FetchedBytes,
            OriginBytes = sum.OriginBytes,
            Money = sum.Money,
            Retrieval = Describe(sum.Retrieval ?? new TimeHistogram()),
        });
    }

    public Task<Result<IReadOnlyList<PopularKey>>> PopularKeysAsync(string? instance, int limit, CancellationToken cancellation)
    {
        var error = limit is < 1 or > ControlPlaneLimits.PopularKeysMax
            ? new CacheError(CacheErrorCode.Invalid, $"limit is {limit}; it must be from 1 to {ControlPlaneLimits.PopularKeysMax} (PopularKeysMax)")
            : CheckInstance(instance);
        return Task.FromResult(error is null ? state.Usage.Ask<Result<IReadOnlyList<PopularKey>>>(u => u.Popular(instance, limit).ToList()) : error);
    }

    public Task<Result<IReadOnlyList<LinkUsage>>> LinkUsageAsync(int windowSeconds, CancellationToken cancellation) => Task.FromResult(
        CheckWindow(windowSeconds) is { } error ? error : state.Usage.Ask<Result<IReadOnlyList<LinkUsage>>>(u => u.Links(windowSeconds).ToList()));

    public Task<Result<IReadOnlyList<ScalingSignal>>> ScalingSignalsAsync(CancellationToken cancellation) =>
        Task.FromResult<Result<IReadOnlyList<ScalingSignal>>>(state.Registry.All.Values
            .Where(i => i.State(state.Now) == InstanceState.Live)
            .Select(i => ScalingRules.Judge(i.Registration, i.Load, state.Usage.Ask(u => u.Sum(i.Name, ScalingRules.WindowSeconds))))
            .ToList());

    private CacheError? CheckInstance(string? name) => name is null || state.Registry.Find(name) is not null ? null : InstanceRegistry.Unknown(name);

    private static CacheError? CheckWindow(int seconds) => seconds is >= 1 and <= ControlPlaneLimits.WindowSecondsMax
        ? null
        : new CacheError(CacheErrorCode.Invalid, $"windowSeconds is {seconds}; it must be from 1 to {ControlPlaneLimits.WindowSecondsMax} (WindowSecondsMax)");

    private static RetrievalTimes Describe(TimeHistogram times) => new()
    {
        Count = times.Count,
        P50Ms = times.Percentile(50),
        P90Ms = times.Percentile(90),
        P99Ms = times.Percentile(99),
        P999Ms = times.Percentile(99.9),
        MaxMs = times.Count == 0 ? null : times.MaxMs,
    };
}
