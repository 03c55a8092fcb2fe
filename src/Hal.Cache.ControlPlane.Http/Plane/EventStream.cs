using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Hal.Cache.ControlPlane.Http.Plane;

/// <summary>
/// Events as they are taken: server-sent events (<c>change</c>, <c>notice</c>; the id is LOG:POSITION), or lines of JSON. It ends when
/// either side goes; a client that reads slowly falls behind in the control plane's queue, and is told.
/// </summary>
internal sealed class EventStream(IEvents events, Subscription subscription, TimeProvider time) : IResult
{
    private const string EventStreamType = "text/event-stream";

    private Task<bool> next = Task.FromResult(false);

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        // A stop must not wait for streams, which have no end of their own.
        var stopping = httpContext.RequestServices.GetService<IHostApplicationLifetime>()?.ApplicationStopping ?? CancellationToken.None;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(httpContext.RequestAborted, stopping);
        await using var items = events.SubscribeAsync(subscription, end.Token).GetAsyncEnumerator(end.Token);
        try
        {
            await RunAsync(httpContext, items, end.Token);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // One of the two has gone.
        }
        finally
        {
            // An enumerator may not be disposed of while it is asked for the next item.
            await end.CancelAsync();
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task RunAsync(HttpContext http, IAsyncEnumerator<StreamItem> items, CancellationToken cancellation)
    {
        next = items.MoveNextAsync().AsTask();
        if (!await next) return;
        if (items.Current.Notice is { Kind: StreamNoticeKind.Refused } refused)
        {
            await ErrorResults.From(new CacheError(CacheErrorCode.Busy, refused.Message)).ExecuteAsync(http);
            return;
        }
        var lines = Ndjson.IsWanted(http.Request);
        http.Response.ContentType = lines ? Ndjson.Type : EventStreamType;
        http.Response.Headers.CacheControl = "no-store";
        var pipe = http.Response.BodyWriter;
        await using var writer = new Utf8JsonWriter(pipe, new JsonWriterOptions { Encoder = ControlPlaneJson.Wire.Options.Encoder });
        do
        {
            if (lines) WriteLine(pipe, writer, items.Current);
            else WriteEvent(pipe, writer, items.Current);
            next = items.MoveNextAsync().AsTask();
            // What comes together goes together.
            if (next.IsCompleted && pipe.UnflushedBytes < HttpLimits.FlushBytes) continue;
            if ((await pipe.FlushAsync(cancellation)).IsCompleted) break;
            while (!await HasNextAsync(cancellation))
            {
                pipe.Write(lines ? "\n"u8 : ":\n\n"u8);
                if ((await pipe.FlushAsync(cancellation)).IsCompleted) break;
            }
        }
        while (await next);
        await pipe.FlushAsync(cancellation);
    }

    // False after a while of silence.
    private async Task<bool> HasNextAsync(CancellationToken cancellation)
    {
        try
        {
            await next.WaitAsync(HttpLimits.StreamSilence, time, cancellation);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private static void WriteEvent(PipeWriter pipe, Utf8JsonWriter writer, StreamItem item)
    {
        pipe.Write(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"id: {item.LogId}:{item.Position}\nevent: ")));
        if (item.Event is { } change)
        {
            pipe.Write("change\ndata: "u8);
            WriteJson(writer, change, ControlPlaneJson.Wire.ChangeEvent);
        }
        else
        {
            pipe.Write("notice\ndata: "u8);
            WriteJson(writer, item.Notice!, ControlPlaneJson.Wire.StreamNotice);
        }
        pipe.Write("\n\n"u8);
    }

    private static void WriteLine(PipeWriter pipe, Utf8JsonWriter writer, StreamItem item)
    {
        WriteJson(writer, item, ControlPlaneJson.Wire.StreamItem);
        pipe.Write("\n"u8);
    }

    private static void WriteJson<T>(Utf8JsonWriter writer, T value, JsonTypeInfo<T> type)
    {
        JsonSerializer.Serialize(writer, value, type);
        writer.Flush();
        writer.Reset();
    }
}
