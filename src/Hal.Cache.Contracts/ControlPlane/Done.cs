namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>The value of a call that has nothing to tell but its success.</summary>
public sealed record Done
{
    public static Done Value { get; } = new();
}
