using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Topology;

namespace Hal.Cache.ControlPlane.Routing;

/// <summary>Cost of a source = latency + size / bandwidth + queue at the source + weight x money, in milliseconds.</summary>
internal static class RouteCostModel
{
    /// <summary>What a source costs more for each failure of late.</summary>
    public const double FailureMs = 1000;

    /// <summary>A source whose queue is longer is left out.</summary>
    public const double QueueMsMax = 10_000;

    /// <summary>Milliseconds that one unit of money is worth.</summary>
    public static Result<double> MsPerMoney(RouteWeights? weights)
    {
        weights ??= new RouteWeights();
        if (weights.MsPerMoney is { } number)
        {
            return number >= 0 && double.IsFinite(number)
                ? number
                : new CacheError(CacheErrorCode.Invalid, $"msPerMoney is {number}; it must be 0 or more");
        }
        return weights.Preset switch
        {
            RoutePreset.Fastest => 0,
            RoutePreset.Balanced => 10_000,
            RoutePreset.Cheapest => 1e9,
            _ => new CacheError(CacheErrorCode.Invalid, $"there is no preset '{weights.Preset}'"),
        };
    }

    public static RouteCost Cost(PathFigures path, long bytes, long queuedBytes, double failures, double msPerMoney)
    {
        var money = path.Money(bytes);
        return new RouteCost(path.LatencyMs, path.TransferMs(bytes), path.TransferMs(queuedBytes) + (failures * FailureMs), money, money * msPerMoney);
    }
}
