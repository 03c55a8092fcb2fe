namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>A key's slot and the root that is its authority.</summary>
public sealed record SlotOwner(int Slot, string Root);
