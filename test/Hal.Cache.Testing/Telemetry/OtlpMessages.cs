using System.Globalization;

namespace Hal.Cache.Testing.Telemetry;

/// <summary>
/// What tests want of OTLP's export requests, by the numbers of the fields in opentelemetry-proto 1.x (trace, metrics, logs, resource and common).
/// </summary>
internal static class OtlpMessages
{
    private const string InstanceId = "service.instance.id";

    public static List<OtlpSpan> Spans(ReadOnlySpan<byte> request)
    {
        var spans = new List<OtlpSpan>();
        Scopes(request, (service, scope, item) => spans.Add(Span(service, scope, item)));
        return spans;
    }

    /// <summary>Names of metrics that have a point.</summary>
    public static List<(string Service, string Name)> Metrics(ReadOnlySpan<byte> request)
    {
        var metrics = new List<(string, string)>();
        Scopes(request, (service, _, item) =>
        {
            var metric = new ProtoReader(item);
            while (metric.Next())
            {
                if (metric.Field == 1) metrics.Add((service, metric.Text));
            }
        });
        return metrics;
    }

    /// <summary>Texts of log records.</summary>
    public static List<(string Service, string Text)> Logs(ReadOnlySpan<byte> request)
    {
        var logs = new List<(string, string)>();
        Scopes(request, (service, _, item) =>
        {
            var record = new ProtoReader(item);
            while (record.Next())
            {
                if (record.Field == 5) logs.Add((service, Value(record.Bytes)));
            }
        });
        return logs;
    }

    private delegate void Take(string service, string scope, ReadOnlySpan<byte> item);

    // The three requests have one shape: 1 for each resource: 1 resource, 2 for each scope: 1 scope, 2 for each item.
    private static void Scopes(ReadOnlySpan<byte> request, Take take)
    {
        var resources = new ProtoReader(request);
        while (resources.Next())
        {
            var service = "";
            var resource = new ProtoReader(resources.Bytes);
            while (resource.Next())
            {
                if (resource.Field == 1) service = Attributes(resource.Bytes, 1).GetValueOrDefault(InstanceId) ?? "";
                if (resource.Field == 2) Items(service, resource.Bytes, take);
            }
        }
    }

    private static void Items(string service, ReadOnlySpan<byte> bytes, Take take)
    {
        var scopeName = "";
        var scope = new ProtoReader(bytes);
        while (scope.Next())
        {
            if (scope.Field == 1)
            {
                var about = new ProtoReader(scope.Bytes);
                while (about.Next())
                {
                    if (about.Field == 1) scopeName = about.Text;
                }
            }

            if (scope.Field == 2) take(service, scopeName, scope.Bytes);
        }
    }

    private static OtlpSpan Span(string service, string scope, ReadOnlySpan<byte> item)
    {
        string trace = "", id = "", parent = "", name = "";
        var kind = 0;
        var span = new ProtoReader(item);
        while (span.Next())
        {
            switch (span.Field)
            {
                case 1: trace = Convert.ToHexStringLower(span.Bytes); break;
                case 2: id = Convert.ToHexStringLower(span.Bytes); break;
                case 4: parent = Convert.ToHexStringLower(span.Bytes); break;
                case 5: name = span.Text; break;
                case 6: kind = (int)span.Number; break;
            }
        }

        return new OtlpSpan(service, scope, trace, id, parent, name, kind, Attributes(item, 9));
    }

    private static Dictionary<string, string> Attributes(ReadOnlySpan<byte> message, int field)
    {
        var attributes = new Dictionary<string, string>(StringComparer.Ordinal);
        var all = new ProtoReader(message);
        while (all.Next())
        {
            if (all.Field != field) continue;
            string key = "", value = "";
            var pair = new ProtoReader(all.Bytes);
            while (pair.Next())
            {
                if (pair.Field == 1) key = pair.Text;
                if (pair.Field == 2) value = Value(pair.Bytes);
            }

            attributes[key] = value;
        }

        return attributes;
    }

    private static string Value(ReadOnlySpan<byte> bytes)
    {
        var value = new ProtoReader(bytes);
        if (!value.Next()) return "";
        return value.Field switch
        {
            1 => value.Text,
            2 => value.Number != 0 ? "true" : "false",
            3 => ((long)value.Number).ToString(CultureInfo.InvariantCulture),
            4 => BitConverter.UInt64BitsToDouble(value.Number).ToString(CultureInfo.InvariantCulture),
            _ => Convert.ToHexStringLower(value.Bytes),
        };
    }
}
