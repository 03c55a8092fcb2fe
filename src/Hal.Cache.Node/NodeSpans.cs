using System.Diagnostics;
using System.Text;
using Hal.Cache.Contracts.Origins;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Telemetry;
using Hal.Cache.Node.Fetch;

namespace Hal.Cache.Node;

/// <summary>Spans of what a miss sets going; only for what a traced command, or a traced instance, waits for.</summary>
internal static class NodeSpans
{
    private static readonly ActivitySource Source = new(Spans.SourcePrefix + "Node");

    /// <summary>The authority is asked which version to read.</summary>
    public static Activity? Acquire(string instance, string authority, in FetchRequest request)
    {
        Activity? span = Source.Child("acquire", ActivityKind.Client);
        return span?.SetTag(SpanTags.Instance, instance).SetTag(SpanTags.Peer, authority).Key(request.Hash);
    }

    /// <summary>The authority answers; <paramref name="asked"/> came with the question.</summary>
    public static Activity? Answer(string instance, in ActivityContext asked, ulong hash) =>
        Source.Part("acquire", ActivityKind.Server, asked)?.SetTag(SpanTags.Instance, instance).Key(hash);

    /// <summary>A missing part of a large value is brought, for whoever asked for it first.</summary>
    public static Activity? Read(in ActivityContext asked, long offset, int bytes) =>
        Source.Part("read", ActivityKind.Internal, asked)?.SetTag(SpanTags.Offset, offset).SetTag(SpanTags.Bytes, bytes);

    /// <summary>A collection of about so many bytes is brought whole, for whoever asked for it first.</summary>
    public static Activity? Pull(in ActivityContext asked, string instance, ulong hash, long bytes) =>
        Source.Part("pull", ActivityKind.Internal, asked)?.SetTag(SpanTags.Instance, instance).SetTag(SpanTags.Bytes, bytes).Key(hash);

    /// <summary>Another instance is asked for a range.</summary>
    public static Activity? Fetch(string peer, in RangeRequest range)
    {
        Activity? span = Source.Child("fetch", ActivityKind.Client);
        return span?.SetTag(SpanTags.Peer, peer).SetTag(SpanTags.Offset, range.Offset);
    }

    /// <summary>An origin is asked.</summary>
    public static Activity? Origin(string what, OriginMount mount)
    {
        Activity? span = Source.Child(what, ActivityKind.Client);
        return span?.SetTag(SpanTags.OriginPrefix, Encoding.UTF8.GetString(mount.Prefix.Span));
    }
}
