namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>Which part of a list: from a cursor (null: from the start), 1 to <see cref="ControlPlaneLimits.PageItemsMax"/> items.</summary>
public sealed record PageRequest(string? Cursor = null, int Limit = 1000);
