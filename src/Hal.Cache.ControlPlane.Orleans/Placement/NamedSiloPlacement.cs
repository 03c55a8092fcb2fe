using Orleans.Runtime;

namespace Hal.Cache.ControlPlane.Orleans.Placement;

/// <summary>A grain is on the silo whose address is its key, and nowhere else.</summary>
[GenerateSerializer]
internal sealed class NamedSiloPlacement : PlacementStrategy;
