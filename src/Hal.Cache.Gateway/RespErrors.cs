using Hal.Cache.Contracts;

namespace Hal.Cache.Gateway;

/// <summary>Error replies as Redis words them, and the one mapping of <see cref="CacheErrorCode"/> to RESP.</summary>
internal static class RespErrors
{
    public static ReadOnlySpan<byte> WrongType => "WRONGTYPE Operation against a key holding the wrong kind of value"u8;

    public static ReadOnlySpan<byte> Syntax => "ERR syntax error"u8;

    public static ReadOnlySpan<byte> NotInteger => "ERR value is not an integer or out of range"u8;

    public static ReadOnlySpan<byte> NotFloat => "ERR value is not a valid float"u8;

    public static ReadOnlySpan<byte> NoSuchKey => "ERR no such key"u8;

    public static ReadOnlySpan<byte> SameObject => "ERR source and destination objects are the same"u8;

    public static ReadOnlySpan<byte> OutOfRange => "ERR index out of range"u8;

    public static ReadOnlySpan<byte> OutOfMemory => "OOM command not allowed when used memory > 'maxmemory'."u8;

    public static ReadOnlySpan<byte> NoAuth => "NOAUTH Authentication required."u8;

    public static ReadOnlySpan<byte> InvalidDatabase => "ERR DB index is out of range"u8;

    public static string WrongArity(string command) => $"ERR wrong number of arguments for '{command}' command";

    public static string InvalidExpiry(string command) => $"ERR invalid expire time in '{command}' command";

    public static string Of(CacheError error) => error.Code switch
    {
        CacheErrorCode.NotFound => "ERR no such key",
        CacheErrorCode.Invalid => $"ERR {error.Message}",
        CacheErrorCode.Refused => $"ERR {error.Message}",
        CacheErrorCode.ReadOnly => $"ERR {error.Message}",
        CacheErrorCode.Changed => $"ERR the object changed while it was read: {error.Message}",
        CacheErrorCode.Corrupt => $"ERR stored data is corrupt: {error.Message}",
        CacheErrorCode.NoRoom => "OOM command not allowed when used memory > 'maxmemory'.",
        CacheErrorCode.Unavailable => $"MISCONF {error.Message}",
        CacheErrorCode.Busy => $"TRYAGAIN {error.Message}",
        _ => throw new ArgumentOutOfRangeException(nameof(error), error.Code, "No mapping."),
    };
}
