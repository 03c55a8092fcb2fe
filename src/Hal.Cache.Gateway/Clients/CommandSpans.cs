using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using Hal.Cache.Contracts.Telemetry;
using Hal.Cache.Node;

namespace Hal.Cache.Gateway.Clients;

/// <summary>
/// Spans of commands, by OpenTelemetry's semantic conventions for databases: of those that wait for something, and of those that come with the
/// context of another instance's span. What is answered at once makes none, so that a hit costs the same whoever listens; commands that
/// wait for other clients make none either, since their time says nothing about this server.
/// </summary>
internal static class CommandSpans
{
    private static readonly ActivitySource Source = new(Spans.SourcePrefix + "Gateway");

    /// <summary>What a sampler sees of a span when it begins.</summary>
    private static readonly KeyValuePair<string, object?>[] First = [new(SpanTags.DbSystem, "redis"), new(SpanTags.Transport, "tcp")];

    /// <summary>The command has to wait: what is called from here is part of its span.</summary>
    public static void Wait(CommandContext context)
    {
        if (!Source.HasListeners() || context.Spec.Has(CommandFlags.Blocking))
            return;
        context.Span ??= Begin(context, default, isParsed: true);
        Activity.Current = context.Span;
    }

    /// <summary>A command begins that another instance forwarded with a span's context.</summary>
    public static void BeginForwarded(CommandContext context, in ActivityContext whole)
    {
        if (whole.TraceId != default && Source.HasListeners())
            context.Span = Begin(context, whole, isParsed: false);
    }

    /// <summary>The command has run; its span ends, unless bodies of its reply are still to be sent.</summary>
    public static void End(CommandContext context, int replyStart)
    {
        if (context.Span is not { } span)
            return;
        if (span.IsAllDataRequested)
            Describe(span, context, replyStart);
        if (context.Reply.Deferred.Count > 0)
            return;
        context.Span = null;
        span.Stop();
    }

    /// <summary>Bodies of the last command's reply are sent: its span, which the caller ends; one is made where bytes have to be brought for them.</summary>
    public static Activity? Sending(CommandContext context)
    {
        Activity? span = context.Span;
        context.Span = null;
        if (span == null && Source.HasListeners() && context.Reply.Deferred.Any(static body => body.Source is ValueReader { IsHere: false }))
            span = Begin(context, default, isParsed: false);
        if (span != null)
            Activity.Current = span;
        return span;
    }

    /// <summary>Brings a command to the authority; null where it is not traced.</summary>
    public static Activity? Forward(CommandContext context, string authority)
    {
        Activity? span = Source.Child("forward", ActivityKind.Client);
        return span?.SetTag(SpanTags.Instance, context.Server.Options.Name).SetTag(SpanTags.Peer, authority).SetTag(SpanTags.DbOperation, Operation(context));
    }

    // Beside what the thread's connection does otherwise, which is no part of it.
    private static Activity? Begin(CommandContext context, in ActivityContext whole, bool isParsed)
    {
        Activity? before = Activity.Current;
        Activity.Current = null;
        Activity? span = Source.StartActivity(Operation(context), ActivityKind.Server, whole, First);
        Activity.Current = before;
        if (span is not { IsAllDataRequested: true })
            return span;
        span.SetTag(SpanTags.DbNamespace, context.Client.Database.ToString(CultureInfo.InvariantCulture)).SetTag(SpanTags.Instance, context.Server.Options.Name)
            .SetTag(SpanTags.DbOperation, span.DisplayName);
        Address(span, context.Client.Local, SpanTags.ServerAddress, SpanTags.ServerPort);
        Address(span, context.Client.Remote, SpanTags.PeerAddress, SpanTags.PeerPort);
        if (isParsed || context.Spec.Keys.IsFixed)
            Keys(span, context);
        return span;
    }

    private static void Describe(Activity span, CommandContext context, int replyStart)
    {
        span.DisplayName = Operation(context);
        span.SetTag(SpanTags.DbOperation, span.DisplayName);
        if (context.Spec.Keys.IsFixed && span.GetTagItem(SpanTags.KeyHash) == null)
            Keys(span, context);
        if (!context.Failed)
            return;
        ReadOnlySpan<byte> reply = context.Reply.WrittenSpan[Math.Min(replyStart, context.Reply.Length)..];
        int end = reply.IndexOfAny(" \r"u8);
        string code = reply.Length > 1 && reply[0] == (byte)'-' && end > 1 ? Encoding.ASCII.GetString(reply[1..end]) : "ERR";
        span.SetTag(SpanTags.DbStatus, code).SetTag(SpanTags.ErrorType, code);
        span.SetStatus(ActivityStatusCode.Error);
    }

    private static void Keys(Activity span, CommandContext context)
    {
        if (!context.Spec.Keys.TryRange(context, out int from, out int to))
            return;
        span.Key(context.KeyHash(from));
        if (to > from)
            span.SetTag(SpanTags.DbBatchSize, ((to - from) / context.Spec.Keys.Step) + 1);
    }

    private static void Address(Activity span, string endPoint, string address, string port)
    {
        if (IPEndPoint.TryParse(endPoint, out IPEndPoint? parsed))
            span.SetTag(address, parsed.Address.ToString()).SetTag(port, parsed.Port);
    }

    private static string Operation(CommandContext context) => context.Spec.FullName.ToUpperInvariant().Replace('|', ' ');
}
