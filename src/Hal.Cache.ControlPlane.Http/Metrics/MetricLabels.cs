using System.Globalization;
using System.Text;

namespace Hal.Cache.ControlPlane.Http.Metrics;

using Tag = KeyValuePair<string, object?>;

/// <summary>Tags as labels: names cleaned and sorted, values escaped.</summary>
internal static class MetricLabels
{
    public const int ValueLengthMax = 1024;

    public static string Of(IEnumerable<Tag> tags)
    {
        // Two tags may come out with the same name; OpenTelemetry has their values joined, and so no sample is refused.
        var byName = tags.GroupBy(t => MetricName.Label(t.Key), StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal);
        var text = new StringBuilder();
        foreach (var group in byName)
        {
            if (text.Length > 0) text.Append(',');
            text.Append(group.Key).Append("=\"");
            Escape(text, string.Join(';', group.Select(t => Convert.ToString(t.Value, CultureInfo.InvariantCulture))));
            text.Append('"');
        }
        return text.ToString();
    }

    private static void Escape(StringBuilder text, string value)
    {
        foreach (var c in value.AsSpan(0, Math.Min(value.Length, ValueLengthMax)))
        {
            if (c == '\n') text.Append("\\n");
            else if (c is '"' or '\\') text.Append('\\').Append(c);
            else text.Append(c);
        }
    }
}
