namespace Hal.Cache.Resp;

/// <summary>The limits of the protocol layer, by name; where Redis has the same limit, the value is its default.</summary>
public static class RespLimits
{
    /// <summary>Most arguments of one request, as in Redis up to 6.2; later ones leave it to the limit on the query buffer.</summary>
    public const int ArgsMax = 1024 * 1024;

    /// <summary>Longest inline request and longest length line, in bytes without the line's end.</summary>
    public const int InlineBytesMax = 64 * 1024;

    /// <summary>Longest bulk argument, in bytes; the default of proto-max-bulk-len.</summary>
    public const long BulkBytesMax = 512L * 1024 * 1024;

    /// <summary>Longest error that is written, in bytes; what is beyond, such as the rest of an argument that it names, is left out.</summary>
    public const int ErrorBytesMax = 16 * 1024;

    /// <summary>Least value that <see cref="RespRequestParser.BulkBytesMax"/> may be set to, in bytes.</summary>
    public const long BulkBytesMaxLeast = 1024 * 1024;

    /// <summary>
    /// Most bytes of one request that are buffered, streamed arguments not counted; the default of client-query-buffer-limit.
    /// </summary>
    public const int RequestBytesMax = 1024 * 1024 * 1024;

    /// <summary>Most arguments of a request before the connection is authenticated.</summary>
    public const int UnauthenticatedArgsMax = 10;

    /// <summary>Longest bulk argument before the connection is authenticated, in bytes.</summary>
    public const int UnauthenticatedBulkBytesMax = 16 * 1024;

    /// <summary>Longest bulk argument that is buffered when large arguments are streamed, in bytes.</summary>
    public const int StreamedBulkBytes = 64 * 1024;

    /// <summary>Arguments for which a parser keeps room between requests; room for more is borrowed for one request.</summary>
    public const int ArgsKept = 32;

    /// <summary>Bytes of unescaped inline arguments for which a parser keeps room between requests.</summary>
    public const int ScratchBytesKept = 1024;

    /// <summary>Most bytes that a writer buffers before they are taken, streamed bodies not counted.</summary>
    public const int ReplyBytesMax = 1024 * 1024 * 1024;

    /// <summary>First size of a writer's buffer, in bytes.</summary>
    public const int ReplyBytesFirst = 4096;

    /// <summary>Deepest nesting of a reply that a reader accepts.</summary>
    public const int ReplyDepthMax = 128;

    /// <summary>Most values in one reply, the nested ones counted, that a reader accepts.</summary>
    public const int ReplyItemsMax = 16 * 1024 * 1024;
}
