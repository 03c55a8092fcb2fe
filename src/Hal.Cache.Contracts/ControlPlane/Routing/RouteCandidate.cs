namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>One source with every term of its cost; a candidate that is left out has the terms that could be told.</summary>
public sealed record RouteCandidate
{
    public required string Source { get; init; }

    /// <summary>From 1; null where it is left out.</summary>
    public int? Rank { get; init; }

    public double? LatencyMs { get; init; }

    /// <summary>Size over bandwidth of the narrowest link.</summary>
    public double? TransferMs { get; init; }

    /// <summary>What the source sends before it, and what it costs to have failed of late.</summary>
    public double? QueueMs { get; init; }

    public double? Money { get; init; }

    /// <summary>Money in the weight's milliseconds.</summary>
    public double? WeightedMoneyMs { get; init; }

    /// <summary>The sum that candidates are ranked by.</summary>
    public double? TotalMs { get; init; }

    /// <summary>Both ends and what is between; empty where there is no way.</summary>
    public IReadOnlyList<string> Hops { get; init; } = [];

    /// <summary>The source is still fetching and relays.</summary>
    public bool Fetching { get; init; }

    /// <summary>The source has no copy and would load it from the origin.</summary>
    public bool ByOrigin { get; init; }

    public LeftOutReason? LeftOut { get; init; }
}
