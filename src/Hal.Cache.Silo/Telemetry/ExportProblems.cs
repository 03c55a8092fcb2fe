using System.Diagnostics;
using System.Diagnostics.Tracing;
using System.Globalization;

namespace Hal.Cache.Silo.Telemetry;

/// <summary>Says in the log that telemetry does not arrive: at once, then once a minute for as long as it goes on.</summary>
internal sealed partial class ExportProblems(ILogger<ExportProblems> log) : EventListener // partial: [LoggerMessage] methods at the end
{
    private const string Exporter = "OpenTelemetry-Exporter-OpenTelemetryProtocol";

    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private long toldAt;
    private long untold;

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        ArgumentNullException.ThrowIfNull(eventSource);
        if (eventSource.Name == Exporter) EnableEvents(eventSource, EventLevel.Warning);
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        ArgumentNullException.ThrowIfNull(eventData);
        var before = Interlocked.Read(ref toldAt);
        if ((before != 0 && Stopwatch.GetElapsedTime(before) < Pause)
            || Interlocked.CompareExchange(ref toldAt, Stopwatch.GetTimestamp(), before) != before)
        {
            Interlocked.Increment(ref untold);
            return;
        }
        LogProblem(log, Text(eventData), Interlocked.Exchange(ref untold, 0));
    }

    // One line: an exception's stack says nothing that its message does not.
    private static string Text(EventWrittenEventArgs written)
    {
        object?[] values = [.. (written.Payload ?? []).Select(p => p is string text ? text.Split('\n', 2)[0].Trim() : p)];
        try
        {
            return string.Format(CultureInfo.InvariantCulture, written.Message ?? written.EventName ?? "", values);
        }
        catch (FormatException)
        {
            return written.EventName ?? "";
        }
    }

    [LoggerMessage(LogLevel.Warning, "telemetry is not exported: {Why} ({Untold} more since the last word of it)")]
    private static partial void LogProblem(ILogger log, string why, long untold);
}
