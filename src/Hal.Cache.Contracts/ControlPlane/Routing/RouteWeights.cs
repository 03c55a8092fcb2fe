namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>How time and money are weighed: a preset, or a number in its place.</summary>
public sealed record RouteWeights
{
    public RoutePreset Preset { get; init; } = RoutePreset.Balanced;

    /// <summary>Milliseconds that one unit of money is worth, 0 or more; null: the preset's.</summary>
    public double? MsPerMoney { get; init; }
}
