namespace Hal.Cache.Gateway.Strings;

/// <summary>Error texts of the string commands, as Redis 7.2 has them.</summary>
internal static class StringErrors
{
    public static ReadOnlySpan<byte> TooLong => "ERR string exceeds maximum allowed size (proto-max-bulk-len)"u8;

    public static ReadOnlySpan<byte> Bit => "ERR bit is not an integer or out of range"u8;
}
