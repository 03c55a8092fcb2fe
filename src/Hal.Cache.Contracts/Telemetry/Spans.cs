using System.Diagnostics;
using System.Globalization;

namespace Hal.Cache.Contracts.Telemetry;

/// <summary>Spans of work that belongs to a request: nothing is made, and nothing paid, where the request is not traced.</summary>
public static class Spans
{
    /// <summary>Names of this product's meters and sources of spans begin with it.</summary>
    public const string SourcePrefix = "Hal.Cache.";

    /// <summary>Context of the span that runs here and is kept; default where there is none, so that nothing is sent along.</summary>
    public static ActivityContext Current => Activity.Current is { Recorded: true } span ? span.Context : default;

    /// <summary>A part of what runs here; null where that is not traced.</summary>
    public static Activity? Child(this ActivitySource source, string name, ActivityKind kind = ActivityKind.Internal) =>
        Activity.Current is { Recorded: true } && source.HasListeners() ? source.StartActivity(name, kind) : null;

    /// <summary>A part of what runs elsewhere; null where that is not traced.</summary>
    public static Activity? Part(this ActivitySource source, string name, ActivityKind kind, in ActivityContext whole) =>
        whole.TraceId != default && source.HasListeners() ? source.StartActivity(name, kind, whole) : null;

    /// <summary>Notes a key by its hash.</summary>
    public static Activity? Key(this Activity? span, ulong hash) =>
        span?.SetTag(SpanTags.KeyHash, hash.ToString("x16", CultureInfo.InvariantCulture));

    /// <summary>Notes how it ended: an error by its code alone, since its text may name what is none of the telemetry's business.</summary>
    public static void Ended(this Activity? span, CacheError? error)
    {
        if (span == null || error is null or { Code: CacheErrorCode.NotFound })
            return;
        span.SetTag(SpanTags.ErrorType, error.Code.ToString());
        span.SetStatus(ActivityStatusCode.Error);
    }
}
