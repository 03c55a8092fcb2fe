namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>Slots and the root that is their authority.</summary>
public sealed record SlotAssignment(string Root, int First, int Last);
