using System.Globalization;
using System.Text;
using System.Text.Json;
using Hal.Cache.Testing.Clients;

namespace Hal.Cache.Conformance.Tests.Cts;

/// <summary>Compares a reply with what a case expects, as a client without type mapping sees it.</summary>
internal static class CtsComparison
{
    private const double FloatTolerance = 0.01;

    /// <summary>Null when they agree, otherwise what differs.</summary>
    public static string? Difference(RespTestReply reply, JsonElement expected, CtsCase rules)
    {
        if (reply.IsError) return $"got the error {reply}";
        var got = Normal(reply, rules);
        var wanted = Normal(expected, rules);
        return Same(got, wanted, rules) ? null : $"expected {expected.GetRawText()}, got {reply}";
    }

    private static object? Normal(RespTestReply reply, CtsCase rules)
    {
        if (reply.Items is { } items) return Sorted(items.Select(item => Normal(item, rules)).ToList(), rules);
        if (reply.Bytes is not { } bytes) return null;
        return reply.Type == ':' ? reply.Number : Encoding.UTF8.GetString(bytes);
    }

    private static object? Normal(JsonElement value, CtsCase rules) => value.ValueKind switch
    {
        JsonValueKind.Array => Sorted(value.EnumerateArray().Select(item => Normal(item, rules)).ToList(), rules),
        JsonValueKind.Number => value.GetInt64(),
        JsonValueKind.Null => null,
        _ => value.GetString(),
    };

    private static List<object?> Sorted(List<object?> items, CtsCase rules)
    {
        if (rules.SortResult && !items.OfType<List<object?>>().Any())
            items.Sort((a, b) => string.CompareOrdinal(Convert.ToString(a, CultureInfo.InvariantCulture), Convert.ToString(b, CultureInfo.InvariantCulture)));
        return items;
    }

    private static bool Same(object? got, object? wanted, CtsCase rules) => (got, wanted) switch
    {
        (List<object?> a, List<object?> b) => a.Count == b.Count && a.Zip(b).All(pair => Same(pair.First, pair.Second, rules)),
        (string a, string b) => a == b || (rules.FloatResult && Close(a, b)),
        _ => Equals(got, wanted),
    };

    private static bool Close(string a, string b) =>
        double.TryParse(a, NumberStyles.Float, CultureInfo.InvariantCulture, out var x)
        && double.TryParse(b, NumberStyles.Float, CultureInfo.InvariantCulture, out var y)
        && Math.Abs(x - y) < FloatTolerance;
}
