using System.Diagnostics.Metrics;

namespace Hal.Cache.ControlPlane.Http.Metrics;

/// <summary>Names as Prometheus takes them, made as OpenTelemetry's compatibility rules say: dots to underscores, unit and kind appended.</summary>
internal static class MetricName
{
    private static readonly Dictionary<string, string> Units = new(StringComparer.Ordinal)
    {
        ["s"] = "seconds", ["ms"] = "milliseconds", ["us"] = "microseconds", ["ns"] = "nanoseconds", ["By"] = "bytes", ["%"] = "percent",
    };

    public static string Of(Instrument instrument, MetricKind kind)
    {
        var name = Clean(instrument.Name, ':');
        if (instrument.Unit is { } unit && Units.TryGetValue(unit, out var word)) name = WithSuffix(name, "_" + word);
        return kind == MetricKind.Counter ? WithSuffix(name, "_total") : name;
    }

    public static string Label(string name) => Clean(name, '_');

    private static string WithSuffix(string name, string suffix) => name.EndsWith(suffix, StringComparison.Ordinal) ? name : name + suffix;

    private static string Clean(string name, char alsoAllowed)
    {
        var clean = string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) || c == alsoAllowed ? c : '_'));
        return clean.Length == 0 || char.IsAsciiDigit(clean[0]) ? "_" + clean : clean;
    }
}
