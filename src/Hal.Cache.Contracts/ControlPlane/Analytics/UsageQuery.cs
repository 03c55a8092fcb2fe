namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>Whose use, over how long: 1 to <see cref="ControlPlaneLimits.WindowSecondsMax"/> seconds, in steps of the window's buckets.</summary>
public sealed record UsageQuery(string? Instance = null, int WindowSeconds = 60);
