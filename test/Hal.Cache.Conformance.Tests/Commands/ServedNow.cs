namespace Hal.Cache.Conformance.Tests.Commands;

/// <summary>The Redis commands that this version promises.</summary>
internal static class ServedNow
{
    private const string Connection = "HELLO AUTH PING ECHO SELECT QUIT RESET CLIENT";

    private const string Server =
        "INFO CONFIG TIME DBSIZE FLUSHDB FLUSHALL COMMAND MEMORY SLOWLOG LATENCY LOLWUT SHUTDOWN SAVE BGSAVE LASTSAVE WAIT DEBUG MONITOR ROLE";

    private const string Keys =
        "DEL UNLINK EXISTS TYPE TTL PTTL EXPIRE PEXPIRE EXPIREAT PEXPIREAT EXPIRETIME PEXPIRETIME PERSIST KEYS SCAN RANDOMKEY RENAME RENAMENX "
        + "COPY MOVE TOUCH OBJECT DUMP RESTORE SWAPDB";

    private const string Strings =
        "GET SET SETNX SETEX PSETEX GETSET GETDEL GETEX MGET MSET MSETNX STRLEN APPEND GETRANGE SUBSTR SETRANGE INCR INCRBY INCRBYFLOAT DECR DECRBY "
        + "LCS GETBIT SETBIT BITCOUNT BITPOS BITOP BITFIELD BITFIELD_RO";

    public static IReadOnlyList<string> All { get; } = $"{Connection} {Server} {Keys} {Strings}".Split(' ');
}
