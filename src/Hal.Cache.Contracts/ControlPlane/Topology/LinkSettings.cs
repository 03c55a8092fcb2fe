namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>A link's configured figures, for bytes that go from <see cref="From"/> to <see cref="To"/>; zero or more, bandwidth above zero.</summary>
public sealed record LinkSettings
{
    public required string From { get; init; }

    public required string To { get; init; }

    public required LinkFigures Figures { get; init; }
}
