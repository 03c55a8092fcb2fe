namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>A part of a list; <see cref="Next"/> is the cursor of the next part, null at the end.</summary>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next = null);
