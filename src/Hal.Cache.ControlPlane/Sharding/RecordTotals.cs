using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Sharding;

/// <summary>One ownership record in numbers.</summary>
public sealed record RecordTotals(long Keys, long IndexBytes, IReadOnlyList<InstanceContent> Instances);
