using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Microsoft.AspNetCore.Http;

namespace Hal.Cache.ControlPlane.Http.Plane;

/// <summary>Everything of a list, an item a line, page by page as the client takes it; one that fails on the way is cut off, without its last chunk.</summary>
internal sealed class PagesAsLines<T>(Page<T> first, Func<string, Task<Result<Page<T>>>> next, JsonTypeInfo<T> item) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.ContentType = Ndjson.Type;
        var pipe = httpContext.Response.BodyWriter;
        await using var writer = new Utf8JsonWriter(pipe, new JsonWriterOptions { Encoder = item.Options.Encoder });
        for (var page = first; ;)
        {
            foreach (var each in page.Items)
            {
                JsonSerializer.Serialize(writer, each, item);
                writer.Flush();
                writer.Reset();
                pipe.GetSpan(1)[0] = (byte)'\n';
                pipe.Advance(1);
                if (pipe.UnflushedBytes >= HttpLimits.FlushBytes && (await pipe.FlushAsync(httpContext.RequestAborted)).IsCompleted) return;
            }
            if (page.Next is null) break;
            var result = await next(page.Next);
            if (!result.IsOk)
            {
                httpContext.Abort(); // the status has been sent; an end without the last chunk is all that is left to say
                return;
            }
            page = result.Value;
        }
        await pipe.FlushAsync(httpContext.RequestAborted);
    }
}
