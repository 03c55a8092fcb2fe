namespace Hal.Cache.ControlPlane.Http;

/// <summary>The limits of HTTP requests.</summary>
internal static class HttpLimits
{
    /// <summary>Items of an inventory page when the request says nothing.</summary>
    public const int PageItems = 1000;

    public const int PageItemsMax = 10_000;

    /// <summary>Objects looked at for one page; a page whose pattern matches few is then short, and its cursor goes on.</summary>
    public const int PageScannedMax = 100_000;

    public const int MatchBytesMax = 1024;

    /// <summary>Objects taken from an inventory at a time.</summary>
    public const int InventoryBatch = 1024;

    /// <summary>Bytes written before the response waits for the client to take them.</summary>
    public const int FlushBytes = 64 << 10;
}
