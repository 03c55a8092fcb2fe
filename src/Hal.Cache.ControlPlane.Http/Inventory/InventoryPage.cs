using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Hal.Cache.Contracts.Instances;
using Microsoft.AspNetCore.Http;

namespace Hal.Cache.ControlPlane.Http.Inventory;

/// <summary>Some objects of an instance, and the cursor from which to go on; cursor "0" ends the walk.</summary>
internal sealed class InventoryPage(IInstance instance, KeyFilter? filter, ulong from, int limit) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.ContentType = "application/json";
        var pipe = httpContext.Response.BodyWriter;
        using var items = new InventoryItems(filter, (byte)',');
        pipe.Write("{\"instance\":\""u8);
        pipe.Write(JsonEncodedText.Encode(instance.Name).EncodedUtf8Bytes);
        pipe.Write("\",\"items\":["u8);
        var (cursor, count, scanned) = (from, 0, 0);
        do
        {
            await Task.Yield(); // as in InventoryStream
            items.Clear();
            cursor = instance.Inventory.Read(cursor, Math.Min(limit - count, HttpLimits.InventoryBatch), items);
            if (items.Count > 0)
            {
                if (count > 0) pipe.Write(","u8);
                pipe.Write(items.Written[..^1]);
                if ((await pipe.FlushAsync(httpContext.RequestAborted)).IsCompleted) return;
            }
            count += items.Count;
            scanned += Math.Max(items.Scanned, 1);
        }
        while (cursor != 0 && count < limit && scanned < HttpLimits.PageScannedMax);
        pipe.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"],\"cursor\":\"{cursor}\"}}")));
        await pipe.FlushAsync(httpContext.RequestAborted);
    }
}
