namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>Hash slots from first to last, both included, 0 to 16,383.</summary>
public sealed record SlotRange(int First, int Last);
