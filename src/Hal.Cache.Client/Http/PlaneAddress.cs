using System.Globalization;
using System.Text;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.Client.Http;

/// <summary>Puts a path and a query together.</summary>
internal sealed class PlaneAddress
{
    private readonly StringBuilder text;
    private bool hasQuery;

    /// <param name="path">Segments of the client's own.</param>
    public PlaneAddress(string path) => text = new StringBuilder(path);

    /// <summary>False once a segment was added that no path can carry.</summary>
    public bool IsValid { get; private set; } = true;

    /// <summary>Adds a segment that was given from outside.</summary>
    public PlaneAddress Segment(string? segment)
    {
        // These would lead to another resource; names of the tree are neither.
        IsValid &= segment is not (null or "" or "." or "..");
        text.Append('/').Append(Uri.EscapeDataString(segment ?? ""));
        return this;
    }

    public PlaneAddress Path(string own)
    {
        text.Append('/').Append(own);
        return this;
    }

    public PlaneAddress Query(string name, string? value)
    {
        if (value is null) return this;
        text.Append(hasQuery ? '&' : '?').Append(name).Append('=').Append(Uri.EscapeDataString(value));
        hasQuery = true;
        return this;
    }

    public PlaneAddress Query(string name, long? value) => Query(name, value?.ToString(CultureInfo.InvariantCulture));

    public PlaneAddress Page(PageRequest page) => Query("cursor", page.Cursor).Query("limit", page.Limit);

    public PlaneAddress Prefix(KeyPrefix? prefix) =>
        prefix is null ? this
        : Query("prefixBase64", Convert.ToBase64String(prefix.Start.Span)).Query("database", prefix.Start.Database == 0 ? null : prefix.Start.Database);

    public PlaneAddress Weights(RouteWeights? weights) => weights is null ? this
        : Query("preset", weights.Preset switch { RoutePreset.Fastest => "fastest", RoutePreset.Cheapest => "cheapest", _ => "balanced" })
            .Query("msPerMoney", weights.MsPerMoney?.ToString("R", CultureInfo.InvariantCulture));

    public override string ToString() => text.ToString();
}
