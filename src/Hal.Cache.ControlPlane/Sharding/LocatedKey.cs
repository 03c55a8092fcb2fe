using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Sharding;

/// <summary>A key's copies, and where those who are fetching it get it from.</summary>
public sealed record LocatedKey(KeyLocation Location, IReadOnlyList<FetchSource> Fetches);
