using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Hal.Cache.ControlPlane.Http.Plane;

/// <summary>Reads what a request says; the first thing that breaks a rule is kept in <see cref="Problem"/>, and reading goes on with defaults.</summary>
internal sealed class PlaneRequest(HttpContext http)
{
    private const string IdempotencyHeader = "Idempotency-Key";
    private const int ShownMax = 64;

    public CacheError? Problem { get; private set; }

    public string Route(string name) => (string)http.Request.RouteValues[name]!;

    public string? Text(string name) => http.Request.Query.TryGetValue(name, out var values) && values.Count > 0 ? values[^1] : null;

    public PageRequest Page() => new(Text("cursor") is { Length: > 0 } cursor ? cursor : null, Integer("limit", HttpLimits.PageItems, 1, HttpLimits.PageItemsMax));

    public int Integer(string name, int preset, int min, int max) => (int)Long(name, min, max, preset)!;

    public long? Long(string name, long min, long max, long? preset)
    {
        if (Text(name) is not { } text) return preset;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max) return number;
        Invalid(name, text, $"must be from {min} to {max}");
        return preset ?? min;
    }

    public double? Decimal(string name)
    {
        if (Text(name) is not { } text) return null;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) && number >= 0) return number;
        Invalid(name, text, "must be a number, 0 or more");
        return null;
    }

    /// <summary>The weights of <c>preset</c> and <c>msPerMoney</c>; null where neither is given.</summary>
    public RouteWeights? Weights()
    {
        var (preset, money) = (Text("preset"), Decimal("msPerMoney"));
        if (preset is null && money is null) return null;
        var chosen = preset switch
        {
            null or "balanced" => RoutePreset.Balanced,
            "fastest" => RoutePreset.Fastest,
            "cheapest" => RoutePreset.Cheapest,
            _ => (RoutePreset?)null,
        };
        if (chosen is null) Invalid("preset", preset!, "must be balanced, fastest or cheapest");
        return new RouteWeights { Preset = chosen ?? RoutePreset.Balanced, MsPerMoney = money };
    }

    /// <summary>The key of <c>key</c> or <c>keyBase64</c>, with <c>database</c>; it must be there.</summary>
    public CacheKey Key()
    {
        if (Bytes("key") is { } bytes) return new CacheKey(bytes, Database());
        Problem ??= new CacheError(CacheErrorCode.Invalid, "key or keyBase64 must be given");
        return default;
    }

    /// <summary>The prefix of <c>prefix</c> or <c>prefixBase64</c>, with <c>database</c>; null where neither is given.</summary>
    public KeyPrefix? Prefix() => Bytes("prefix") is { } bytes ? new KeyPrefix(new CacheKey(bytes, Database())) : null;

    /// <summary>As <see cref="Prefix"/>, but it must be there.</summary>
    public KeyPrefix RequiredPrefix()
    {
        if (Prefix() is { } prefix) return prefix;
        Problem ??= new CacheError(CacheErrorCode.Invalid, "prefix or prefixBase64 must be given");
        return new KeyPrefix(default);
    }

    /// <summary>Null where the header is absent.</summary>
    public string? IdempotencyKey()
    {
        if (!http.Request.Headers.TryGetValue(IdempotencyHeader, out var values)) return null;
        var key = values.ToString();
        if (IdempotencyKeys.Problem(key) is { } problem) Problem ??= new CacheError(CacheErrorCode.Invalid, $"{IdempotencyHeader} is '{Shown(key)}'; {problem}");
        return key;
    }

    /// <summary>A member of the body must be what the path says.</summary>
    public void Same(string name, string inPath, string inBody)
    {
        if (inPath != inBody) Invalid($"{name} in the body", inBody, $"must be the path's '{inPath}'");
    }

    /// <summary>A list of the body must have one item.</summary>
    public void One(string name, int count)
    {
        if (count != 1) Problem ??= new CacheError(CacheErrorCode.Invalid, $"{name} has {count} items; it must have one");
    }

    /// <summary>
    /// The body; null, with <see cref="Problem"/>, where it is not what the endpoint takes. A body over <paramref name="bytesMax"/> is a
    /// <see cref="BadHttpRequestException"/> with status 413, before it is read where its length is announced.
    /// </summary>
    public async Task<T?> BodyAsync<T>(JsonTypeInfo<T> type, long bytesMax)
        where T : class
    {
        var request = http.Request;
        if (request.ContentType is { } content && !content.StartsWith("application/json", StringComparison.OrdinalIgnoreCase))
            throw new BadHttpRequestException($"the body is {Shown(content)}; it must be application/json", StatusCodes.Status415UnsupportedMediaType);
        if (request.ContentLength > bytesMax)
            throw BoundedBody.TooLarge(bytesMax);
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = bytesMax + HttpLimits.RefusedBytesMax;
        if (!http.RequestServices.GetRequiredService<LargeBodies>().TryEnter(request, out var lease))
        {
            Problem ??= new CacheError(CacheErrorCode.Busy, $"{HttpLimits.LargeBodiesMax} large bodies are being read; try again");
            return null;
        }
        using (lease)
        {
            try
            {
                await using var bounded = new BoundedBody(request.Body, bytesMax);
                var body = await JsonSerializer.DeserializeAsync(bounded, type, http.RequestAborted);
                if (body is null) Problem ??= new CacheError(CacheErrorCode.Invalid, "the body is null");
                else if (NullItems.In(body) is { } list) Problem ??= new CacheError(CacheErrorCode.Invalid, $"{list} of the body has a null");
                return body;
            }
            catch (JsonException wrong)
            {
                Problem ??= new CacheError(CacheErrorCode.Invalid, $"the body is not what this resource takes: {wrong.Message}");
                return null;
            }
        }
    }

    private byte[]? Bytes(string name)
    {
        var (text, base64) = (Text(name), Text($"{name}Base64"));
        if (text is not null && base64 is not null) Invalid($"{name}Base64", base64, $"must be absent where {name} is given");
        if (text is not null) return Encoding.UTF8.GetBytes(text);
        if (base64 is null) return null;
        var bytes = new byte[base64.Length];
        if (Convert.TryFromBase64String(base64, bytes, out var length)) return bytes[..length];
        Invalid($"{name}Base64", base64, "must be base64");
        return [];
    }

    private int Database() => Integer("database", 0, 0, int.MaxValue);

    private void Invalid(string name, string value, string rule) =>
        Problem ??= new CacheError(CacheErrorCode.Invalid, $"{name} is '{Shown(value)}'; it {rule}");

    private static string Shown(string value) => value.Length <= ShownMax ? value : $"{value[..ShownMax]}...";
}
