namespace Hal.Cache.Gateway.Tests.Commands;

/// <summary>Each row runs its commands, separated by "; ", and names the reply of the last; "_" is an empty argument.</summary>
public sealed class StringRepliesTests
{
    private const string Syntax = "-ERR syntax error";
    private const string NotInteger = "-ERR value is not an integer or out of range";
    private const string WrongType = "-WRONGTYPE Operation against a key holding the wrong kind of value";
    private const string TooLong = "-ERR string exceeds maximum allowed size (proto-max-bulk-len)";
    private const string BadOffset = "-ERR bit offset is not an integer or out of range";

    [Theory]
    [InlineData("GET k", "$-1")]
    [InlineData("GET list", WrongType)]
    [InlineData("SET k v; GET k", "$1|v")]
    [InlineData("SET list v; GET list", "$1|v")]
    [InlineData("SET k v; SET k w NX", "$-1")]
    [InlineData("SET k v XX", "$-1")]
    [InlineData("SET k v NX XX", Syntax)]
    [InlineData("SET k v; SET k w NX GET", "$1|v")]
    [InlineData("SET k v GET", "$-1")]
    [InlineData("SET list v GET", WrongType)]
    [InlineData("SET k v EX 10 PX 10", Syntax)]
    [InlineData("SET k v EX 10 KEEPTTL", Syntax)]
    [InlineData("SET k v PERSIST", Syntax)]
    [InlineData("SET k v EX", Syntax)]
    [InlineData("SET k v EX 10 ex 20", "+OK")]
    [InlineData("SET k v EX 0", "-ERR invalid expire time in 'set' command")]
    [InlineData("SET k v PXAT -1", "-ERR invalid expire time in 'set' command")]
    [InlineData("SET k v EX 9223372036854776", "-ERR invalid expire time in 'set' command")]
    [InlineData("SET k v PX 9223372036854775807", "-ERR invalid expire time in 'set' command")]
    [InlineData("SET k v PXAT 9223372036854775807", "+OK")]
    [InlineData("SET k v EX x", NotInteger)]
    [InlineData("SET k v PXAT 1; GET k", "$-1")]
    [InlineData("SETEX k 0 v", "-ERR invalid expire time in 'setex' command")]
    [InlineData("PSETEX k -5 v", "-ERR invalid expire time in 'psetex' command")]
    [InlineData("SETNX k v", ":1")]
    [InlineData("SETNX list v", ":0")]
    [InlineData("GETSET k v; GETSET k w", "$1|v")]
    [InlineData("GETSET list v", WrongType)]
    [InlineData("SET k v; GETDEL k; GET k", "$-1")]
    [InlineData("GETDEL list", WrongType)]
    [InlineData("SET k v; GETEX k EX 10 PERSIST", Syntax)]
    [InlineData("SET k v; GETEX k NX", Syntax)]
    [InlineData("SET k v; GETEX k EX 0", "-ERR invalid expire time in 'getex' command")]
    [InlineData("SET k v; GETEX k PXAT 1", "$1|v")]
    [InlineData("SET k v; GETEX k PXAT 1; GET k", "$-1")]
    [InlineData("MSET a 1 b 2; MGET a list none b", "*4|$1|1|$-1|$-1|$1|2")]
    [InlineData("MSET a 1 b", "-ERR wrong number of arguments for 'mset' command")]
    [InlineData("MSETNX a 1 b", "-ERR wrong number of arguments for 'msetnx' command")]
    [InlineData("SET b 1; MSETNX a 1 b 2", ":0")]
    [InlineData("SET b 1; MSETNX a 1 b 2; GET a", "$-1")]
    [InlineData("MSETNX a 1 a 2; GET a", "$1|2")]
    [InlineData("SET k hello; STRLEN k", ":5")]
    [InlineData("STRLEN none", ":0")]
    [InlineData("APPEND k ab; APPEND k cd", ":4")]
    [InlineData("APPEND k _; GET k", "$0|")]
    [InlineData("SET k hello; GETRANGE k -3 -1", "$3|llo")]
    [InlineData("SET k hello; GETRANGE k -1 -3", "$0|")]
    [InlineData("GETRANGE list x 1", NotInteger)]
    [InlineData("SETRANGE k 2 ab; GET k", "$4|\0\0ab")]
    [InlineData("SETRANGE k 5 _", ":0")]
    [InlineData("SETRANGE k -1 a", "-ERR offset is out of range")]
    [InlineData("SETRANGE k 536870912 a", TooLong)]
    [InlineData("SETRANGE k 9223372036854775807 ab", TooLong)]
    [InlineData("INCR k; INCRBY k 9", ":10")]
    [InlineData("SET k 9223372036854775807; INCR k", "-ERR increment or decrement would overflow")]
    [InlineData("DECRBY k -9223372036854775808", "-ERR decrement would overflow")]
    [InlineData("SET k 1.0; INCR k", NotInteger)]
    [InlineData("SET k 10.50; INCRBYFLOAT k 0.1", "$4|10.6")]
    [InlineData("SET k 5.0e3; INCRBYFLOAT k 2.0e2", "$4|5200")]
    [InlineData("INCRBYFLOAT k x", "-ERR value is not a valid float")]
    [InlineData("INCRBYFLOAT k inf", "-ERR increment would produce NaN or Infinity")]
    public Task String_commands_reply_as_redis(string lines, string expected) => CheckAsync(lines, expected);

    [Theory]
    [InlineData("SETBIT k 7 1; GET k", "$1|\u0001")]
    [InlineData("SETBIT k 7 1; SETBIT k 7 0", ":1")]
    [InlineData("SETBIT k 7 2", "-ERR bit is not an integer or out of range")]
    [InlineData("SETBIT k 4294967296 1", BadOffset)]
    [InlineData("GETBIT k -1", BadOffset)]
    [InlineData("GETBIT k #1", BadOffset)]
    [InlineData("SET k foobar; BITCOUNT k", ":26")]
    [InlineData("SET k foobar; BITCOUNT k 5 30 BIT", ":17")]
    [InlineData("SET k v; BITCOUNT k 1", Syntax)]
    [InlineData("SET k v; BITCOUNT k x 1", NotInteger)]
    [InlineData("SET k v; BITCOUNT k 0 1 BITS", Syntax)]
    [InlineData("SET k v; BITCOUNT k -1 -2 BITS", ":0")]
    [InlineData("BITCOUNT none 1", ":0")]
    [InlineData("BITCOUNT none x 1", ":0")]
    [InlineData("BITCOUNT none 0 1 BITS", ":0")]
    [InlineData("BITCOUNT list", WrongType)]
    [InlineData("BITCOUNT list 1", WrongType)]
    [InlineData("BITCOUNT list x 1", WrongType)]
    [InlineData("BITPOS none 1 x", ":-1")]
    [InlineData("BITPOS none 0 0 1 BITS", ":0")]
    [InlineData("BITPOS list 1 x", WrongType)]
    [InlineData("SET k v; BITPOS k 1 x", NotInteger)]
    [InlineData("BITPOS none 0", ":0")]
    [InlineData("BITPOS none 1", ":-1")]
    [InlineData("BITPOS none 2", "-ERR The bit argument must be 1 or 0.")]
    [InlineData("SET k \u00ff\u00ff; BITPOS k 0", ":16")]
    [InlineData("SET k \u00ff\u00ff; BITPOS k 0 0 -1", ":-1")]
    [InlineData("SET k \u00ff\u00f0; BITPOS k 0 9 -1 BIT", ":12")]
    [InlineData("BITOP NOT d a b", "-ERR BITOP NOT must be called with a single source key.")]
    [InlineData("BITOP NAND d a", Syntax)]
    [InlineData("BITOP OR d list", WrongType)]
    [InlineData("SET d x; BITOP OR d a b; GET d", "$-1")]
    [InlineData("SET a ab; SET b a; BITOP XOR list a b; GET list", "$2|\0b")]
    [InlineData("BITFIELD k", "*0")]
    [InlineData("BITFIELD k SET u8 0 255 INCRBY u8 0 10 GET u4 #1", "*3|:0|:9|:9")]
    [InlineData("BITFIELD k OVERFLOW FAIL SET u8 0 300; STRLEN k", ":1")]
    [InlineData("BITFIELD k OVERFLOW FAIL SET u8 0 300", "*1|$-1")]
    [InlineData("BITFIELD k OVERFLOW NONE", "-ERR Invalid OVERFLOW type specified")]
    [InlineData("BITFIELD k GET u64 0", "-ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.")]
    [InlineData("BITFIELD k GET u8 -1", BadOffset)]
    [InlineData("BITFIELD k SET u8 0", Syntax)]
    [InlineData("BITFIELD_RO k SET u8 0 1", "-ERR BITFIELD_RO only supports the GET subcommand")]
    [InlineData("BITFIELD_RO none GET i8 100", "*1|:0")]
    [InlineData("MSET a ohmytext b mynewtext; LCS a b", "$6|mytext")]
    [InlineData("MSET a ohmytext b mynewtext; LCS a b LEN", ":6")]
    [InlineData("MSET a ohmytext b mynewtext; LCS a b IDX MINMATCHLEN 4 WITHMATCHLEN",
        "*4|$7|matches|*1|*3|*2|:4|:7|*2|:5|:8|:4|$3|len|:6")]
    [InlineData("LCS a b IDX LEN", "-ERR If you want both the length and indexes, please just use IDX.")]
    [InlineData("LCS a list", "-ERR The specified keys must contain string values")]
    [InlineData("LCS a b", "$0|")]
    [InlineData("SETRANGE a 20000 x; SETRANGE b 20000 x; LCS a b",
        "-ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len")]
    public Task Bitmap_commands_reply_as_redis(string lines, string expected) => CheckAsync(lines, expected);

    [Theory]
    [InlineData("GET k", "_")]
    [InlineData("MGET k list", "*2|_|_")]
    [InlineData("SET k v XX", "_")]
    [InlineData("BITFIELD k OVERFLOW FAIL SET u8 0 300", "*1|_")]
    [InlineData("LCS a b IDX", "%2|$7|matches|*0|$3|len|:0")]
    public Task Replies_in_RESP3_use_its_types(string lines, string expected) => CheckAsync(lines, expected, 3);

    [Theory]
    [InlineData("SETEX k 100 v", true)]
    [InlineData("SETEX k 100 v; SET k w", false)]
    [InlineData("SETEX k 100 v; SET k w KEEPTTL", true)]
    [InlineData("SETEX k 100 v; GETSET k w", false)]
    [InlineData("SETEX k 100 v; GETEX k PERSIST", false)]
    [InlineData("SET k v; GETEX k PX 100000", true)]
    [InlineData("SETEX k 100 v; APPEND k w", true)]
    [InlineData("SETEX k 100 v; SETRANGE k 100000 w", true)]
    [InlineData("SETEX k 100 v; SETBIT k 9 1", true)]
    [InlineData("SETEX k 100 1; INCR k", true)]
    [InlineData("SETEX k 100 1; INCRBYFLOAT k 1", true)]
    [InlineData("SETEX k 100 v; MSET k w", false)]
    [InlineData("SETEX k 100 v; SET a x; BITOP OR k a", false)]
    public async Task Expiry_is_kept_or_dropped_as_by_redis(string lines, bool expires)
    {
        await using var host = new StringHost();
        foreach (string line in lines.Split("; ")) await host.LineAsync(line);

        host.Time.Advance(TimeSpan.FromSeconds(99));
        bool before = await host.LineAsync("STRLEN k") != ":0\r\n";
        host.Time.Advance(TimeSpan.FromSeconds(2));
        bool after = await host.LineAsync("STRLEN k") != ":0\r\n";

        Assert.Equal((true, !expires), (before, after));
    }

    private static async Task CheckAsync(string lines, string expected, int protocol = 2)
    {
        await using var host = new StringHost { Protocol = protocol };
        host.PutOther("list");
        string reply = "";
        foreach (string line in lines.Split("; "))
            reply = await host.RunAsync(Array.ConvertAll(line.Split(' '), arg => arg == "_" ? "" : arg));

        Assert.Equal(expected.Replace("|", "\r\n", StringComparison.Ordinal) + "\r\n", reply);
    }
}
