using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Routing;

/// <summary>A possible source of one key, as the content map and the registry know it.</summary>
internal readonly record struct RouteSource(
    string Name, InstanceState State, long SizeBytes, long Version, long QueuedBytes, bool Fetching, bool ByOrigin, bool FetchesFromDestination);
