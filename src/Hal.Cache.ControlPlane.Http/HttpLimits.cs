using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Http;

/// <summary>The limits of HTTP requests.</summary>
internal static class HttpLimits
{
    /// <summary>Items of an inventory page when the request says nothing.</summary>
    public const int PageItems = 1000;

    public const int PageItemsMax = 10_000;

    /// <summary>Objects looked at for one page; a page whose pattern matches few is then short, and its cursor goes on.</summary>
    public const int PageScannedMax = 100_000;

    /// <summary>Body of a request that carries no list of keys.</summary>
    public const long BodyBytesMax = 1 << 20;

    /// <summary>Body of an event batch, of digests, or of a question about many keys.</summary>
    public const long BatchBodyBytesMax = 32 << 20;

    /// <summary>Body of a selection or manifest, which may name <see cref="ControlPlaneLimits.SelectionKeysMax"/> keys.</summary>
    public const long SelectionBodyBytesMax = 96 << 20;

    /// <summary>How much more than a body's limit is taken in and thrown away, so that whoever sends it comes to read why.</summary>
    public const long RefusedBytesMax = 64 << 20;

    /// <summary>Bodies over <see cref="BodyBytesMax"/> that are read at one time; one more is told to come again.</summary>
    public const int LargeBodiesMax = 8;

    /// <summary>Silence on an event stream before a line that says nothing is sent, so that both ends see a lost connection.</summary>
    public static readonly TimeSpan StreamSilence = TimeSpan.FromSeconds(15);

    public const int MatchBytesMax = 1024;

    /// <summary>Objects taken from an inventory at a time.</summary>
    public const int InventoryBatch = 1024;

    /// <summary>Bytes written before the response waits for the client to take them.</summary>
    public const int FlushBytes = 64 << 10;
}
