using System.Diagnostics;

namespace Hal.Cache.Contracts.Telemetry;

/// <summary>
/// A span's context in messages between instances: trace id (16 bytes), span id (8), flags (1), with the meaning that they have in W3C
/// Trace Context; without its list of vendors' states.
/// </summary>
public static class TraceFrame
{
    public const int Bytes = 25;

    private const int SpanAt = 16;
    private const int FlagsAt = 24;

    public static void Write(in ActivityContext context, Span<byte> to)
    {
        context.TraceId.CopyTo(to[..SpanAt]);
        context.SpanId.CopyTo(to[SpanAt..FlagsAt]);
        to[FlagsAt] = (byte)context.TraceFlags;
    }

    /// <summary>The context, as one of another process; default where the bytes name no trace or no span.</summary>
    public static ActivityContext Read(ReadOnlySpan<byte> from)
    {
        ReadOnlySpan<byte> trace = from[..SpanAt], span = from[SpanAt..FlagsAt];
        if (!trace.ContainsAnyExcept((byte)0) || !span.ContainsAnyExcept((byte)0))
            return default;
        return new ActivityContext(
            ActivityTraceId.CreateFromBytes(trace), ActivitySpanId.CreateFromBytes(span), (ActivityTraceFlags)from[FlagsAt] & ActivityTraceFlags.Recorded, isRemote: true);
    }
}
