using Orleans.Placement;

namespace Hal.Cache.ControlPlane.Orleans.Placement;

/// <summary>Places a grain by <see cref="NamedSiloPlacement"/>.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class NamedSiloPlacementAttribute() : PlacementAttribute(new NamedSiloPlacement());
