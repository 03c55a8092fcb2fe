using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Gateway;

/// <summary>Error replies without their leading '-', as Redis 7.2 words them, and the one map from expected failures to them.</summary>
internal static class RespErrors
{
    public static ReadOnlySpan<byte> WrongType => "WRONGTYPE Operation against a key holding the wrong kind of value"u8;

    public static ReadOnlySpan<byte> Syntax => "ERR syntax error"u8;

    public static ReadOnlySpan<byte> NotInteger => "ERR value is not an integer or out of range"u8;

    public static ReadOnlySpan<byte> NotFloat => "ERR value is not a valid float"u8;

    public static ReadOnlySpan<byte> NoSuchKey => "ERR no such key"u8;

    public static ReadOnlySpan<byte> OutOfRange => "ERR index out of range"u8;

    public static ReadOnlySpan<byte> InvalidDatabase => "ERR invalid DB index"u8;

    public static ReadOnlySpan<byte> DatabaseOutOfRange => "ERR DB index is out of range"u8;

    public static ReadOnlySpan<byte> SameObject => "ERR source and destination objects are the same"u8;

    public static ReadOnlySpan<byte> BusyKey => "BUSYKEY Target key name already exists."u8;

    public static ReadOnlySpan<byte> OutOfMemory => "OOM command not allowed when used memory > 'maxmemory'."u8;

    public static ReadOnlySpan<byte> NoReplicas => "NOREPLICAS Not enough good replicas to write."u8;

    public static ReadOnlySpan<byte> NoAuth => "NOAUTH Authentication required."u8;

    public static ReadOnlySpan<byte> WrongPassword => "WRONGPASS invalid username-password pair or user is disabled."u8;

    public static ReadOnlySpan<byte> NoPassword =>
        "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?"u8;

    public static ReadOnlySpan<byte> NoProtocol => "NOPROTO unsupported protocol version"u8;

    public static ReadOnlySpan<byte> MaxClients => "ERR max number of clients reached"u8;

    /// <summary>Begins the error of a forwarded command that may or may not have taken effect.</summary>
    public const string OutcomeUnknown = "ERR outcome unknown";

    public static string KeyTooLong => $"ERR key is longer than {BlobKey.BytesMax} bytes";

    /// <summary>Keys of one command, or of one transaction, that are of several authorities.</summary>
    public const string CrossSlot = "CROSSSLOT Keys in request don't hash to the same slot";

    public static ReadOnlySpan<byte> TimeoutNegative => "ERR timeout is negative"u8;

    public static string WrongArity(string fullName) => $"ERR wrong number of arguments for '{fullName}' command";

    public static string InvalidExpiry(string name) => $"ERR invalid expire time in '{name}' command";

    public static string UnknownSubcommand(string container, ReadOnlySpan<byte> name) =>
        $"ERR unknown subcommand{(container == "debug" ? " or wrong number of arguments for" : "")} '{Cut(name)}'. Try {container.ToUpperInvariant()} HELP.";

    public static string SubcommandArity(string container, ReadOnlySpan<byte> name) =>
        $"ERR unknown subcommand or wrong number of arguments for '{Cut(name)}'. Try {container} HELP.";

    public static string ReadOnlyPrefix(ReadOnlySpan<byte> prefix) => $"ERR key is under the read-only origin prefix '{Cut(prefix)}'";

    /// <summary>The reply for an expected failure.</summary>
    public static string Of(CacheError error) => Plain(TextOf(error));

    private static string TextOf(CacheError error) => error.Code switch
    {
        CacheErrorCode.NoRoom => Encoding.ASCII.GetString(OutOfMemory),
        CacheErrorCode.NotFound => $"ERR {error.Message}",
        CacheErrorCode.Invalid => $"ERR {error.Message}",
        CacheErrorCode.Refused => $"ERR {error.Message}",
        CacheErrorCode.ReadOnly => $"ERR {error.Message}",
        CacheErrorCode.Changed => $"TRYAGAIN {error.Message}",
        CacheErrorCode.Corrupt => $"ERR {error.Message}",
        CacheErrorCode.Unavailable => $"MISCONF {error.Message}",
        CacheErrorCode.Busy => $"TRYAGAIN {error.Message}",
        CacheErrorCode.Elsewhere => $"TRYAGAIN {error.Message}",
        CacheErrorCode.Conflict => $"ERR {error.Message}",
        CacheErrorCode.StaleEpoch => $"TRYAGAIN {error.Message}",
        _ => throw new ArgumentOutOfRangeException(nameof(error), error.Code, "The code has no reply."),
    };

    /// <summary>Client's bytes for an error's text, a character for each: at most 128 of them, as Redis cuts them.</summary>
    public static string Cut(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes.Length > 128 ? bytes[..128] : bytes);

    /// <summary>A text that is not of clients' bytes, such as a file's name, for an error's: a character for each byte of its UTF-8.</summary>
    public static string Plain(string text) => Ascii.IsValid(text) ? text : Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));

    /// <summary>The bytes of an error's text, one for each character where each is one.</summary>
    public static byte[] Bytes(string text) => (text.AsSpan().ContainsAnyExceptInRange('\0', '\u00FF') ? Encoding.UTF8 : Encoding.Latin1).GetBytes(text);
}
