namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>A scheduler's question.</summary>
public sealed record AffinityRequest
{
    public required KeySelection Selection { get; init; }

    /// <summary>Instances to consider; empty: every live one.</summary>
    public IReadOnlyList<string> Candidates { get; init; } = [];

    public RouteWeights? Weights { get; init; }
}
