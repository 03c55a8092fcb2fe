using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Sharding;

/// <summary>A walk through one ownership record.</summary>
/// <param name="Prefix">Only keys that begin so; null: all.</param>
/// <param name="Instance">Only what this instance holds; null: of all.</param>
/// <param name="From">The entry to begin at, from 1.</param>
/// <param name="ItemsMax">Most keys to answer.</param>
/// <param name="ScannedMax">Most entries to look at.</param>
public sealed record RecordScan(KeyPrefix? Prefix, string? Instance, int From, int ItemsMax, int ScannedMax);
