namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>A directed link: what was configured, what was measured, and what routes are made with (measured before configured before default).</summary>
public sealed record Link
{
    public required string From { get; init; }

    public required string To { get; init; }

    /// <summary>Null where only a parent's link or a measurement made it.</summary>
    public LinkFigures? Configured { get; init; }

    /// <summary>Moving averages; null before the first observation.</summary>
    public LinkFigures? Measured { get; init; }

    public DateTimeOffset? ObservedAt { get; init; }

    public required LinkFigures Effective { get; init; }
}
