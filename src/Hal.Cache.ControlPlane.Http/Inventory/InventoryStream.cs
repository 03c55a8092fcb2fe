using System.Buffers;
using Hal.Cache.Contracts.Instances;
using Microsoft.AspNetCore.Http;

namespace Hal.Cache.ControlPlane.Http.Inventory;

/// <summary>Everything an instance holds, an object a line; a response that is cut off has no last chunk, so clients see it.</summary>
internal sealed class InventoryStream(IInstance instance, KeyFilter? filter) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.ContentType = "application/x-ndjson";
        var pipe = httpContext.Response.BodyWriter;
        using var items = new InventoryItems(filter, (byte)'\n');
        var cursor = 0UL;
        var unflushed = 0;
        do
        {
            // To the thread pool between batches: the thread that resumes us may be the one that polls every client's socket.
            await Task.Yield();
            items.Clear();
            cursor = instance.Inventory.Read(cursor, HttpLimits.InventoryBatch, items);
            pipe.Write(items.Written);
            unflushed += items.Written.Length;
            if (unflushed < HttpLimits.FlushBytes && cursor != 0) continue;
            unflushed = 0;
            if ((await pipe.FlushAsync(httpContext.RequestAborted)).IsCompleted) return;
        }
        while (cursor != 0 && !httpContext.RequestAborted.IsCancellationRequested);
    }
}
