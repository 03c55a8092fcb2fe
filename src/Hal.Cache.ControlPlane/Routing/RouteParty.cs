using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Routing;

/// <summary>An instance as a route sees it: its state, and the bytes that wait to be sent by it.</summary>
internal readonly record struct RouteParty(InstanceState State, long QueuedBytes);
