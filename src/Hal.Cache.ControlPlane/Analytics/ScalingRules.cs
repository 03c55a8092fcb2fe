using System.Globalization;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Analytics;

/// <summary>When an instance should grow or may shrink.</summary>
internal static class ScalingRules
{
    /// <summary>Over what time use is judged, in seconds.</summary>
    public const int WindowSeconds = 300;

    public const double FullRatio = 0.9;

    public const double EmptyRatio = 0.3;

    /// <summary>Where at least this part of reads hits, more room would bring little.</summary>
    public const double GoodHitRate = 0.95;

    public const double HighPressure = 0.5;

    public static ScalingSignal Judge(InstanceRegistration instance, InstanceLoad load, UsageCounts used)
    {
        var fill = Max(Ratio(load.MemoryBytes, instance.MemoryLimitBytes), Ratio(load.DiskBytes, instance.DiskLimitBytes));
        var hitRate = Ratio(used.Hits, used.Hits + used.Misses);
        var pressure = used.KeysAdded == 0 ? (used.Evictions > 0 ? 1 : 0) : Math.Min(1, (double)used.Evictions / used.KeysAdded);
        var advice = fill >= FullRatio && pressure >= HighPressure && hitRate < GoodHitRate ? ScalingAdvice.Grow
            : fill < EmptyRatio && used.Evictions == 0 ? ScalingAdvice.Shrink
            : ScalingAdvice.Keep;
        return new ScalingSignal
        {
            Instance = instance.Name,
            FillRatio = fill,
            HitRate = hitRate,
            PressureRatio = pressure,
            Advice = advice,
            Reason = $"fill {Text(fill)}, hit rate {Text(hitRate)}, evictions per added key {Text(pressure)}",
        };
    }

    private static double? Ratio(long part, long whole) => whole > 0 ? (double)part / whole : null;

    private static double? Max(double? a, double? b) => a is null ? b : b is null ? a : Math.Max(a.Value, b.Value);

    private static string Text(double? ratio) => ratio is { } known ? known.ToString("0.00", CultureInfo.InvariantCulture) : "unknown";
}
