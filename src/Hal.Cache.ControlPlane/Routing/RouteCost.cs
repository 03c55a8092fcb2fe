namespace Hal.Cache.ControlPlane.Routing;

/// <summary>The terms of a source's cost.</summary>
internal readonly record struct RouteCost(double LatencyMs, double TransferMs, double QueueMs, double Money, double WeightedMoneyMs)
{
    public double TotalMs => LatencyMs + TransferMs + QueueMs + WeightedMoneyMs;
}
