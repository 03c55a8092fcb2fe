using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Strings;

/// <summary>The limits of the string commands.</summary>
internal static class StringLimits
{
    /// <summary>Longest string that a command makes, in bytes.</summary>
    public const long StringBytesMax = RespLimits.BulkBytesMax;

    /// <summary>Longest string that a client's commands make, in bytes; for another instance, at which the client has its own limit, any.</summary>
    public static long BytesMaxOf(CommandContext context) => context.Client.Peer is null ? context.Server.BulkBytesMax : StringBytesMax;

    /// <summary>Changed chunks of one value that are in memory at once.</summary>
    public const int EditedChunksMax = 64;

    /// <summary>Times that a large value is built anew because its key was changed meanwhile.</summary>
    public const int RewritesMax = 1000;
}
