using System.Text;
using Hal.Cache.Testing.Clients;

namespace Hal.Cache.Conformance.Tests.Hostile;

/// <summary>Arguments of every type that a command may expect, in places where it does not expect them; from one seed.</summary>
internal sealed class TypedGarbage(Random random, IReadOnlyList<string> words)
{
    private const int ArgumentsMax = 9;

    // No number is so high that it is taken as a count, and so low that the reply to it is a matter of minutes.
    private static readonly string[] Numbers =
    [
        "0", "1", "-1", "2", "3", "10", "-10", "100", "2147483648", "-2147483649", "9223372036854775807", "-9223372036854775808", "9223372036854775808",
        "18446744073709551616", "1.5", "-0.0", "1e400", "nan", "-inf", "+inf", "0x10", " 1", "1 ", "01", "1e", ".", "-",
    ];

    private static readonly string[] Words =
    [
        "", "*", "$", ">", "+", "(1", "[a", "(", "[", "-", "0-1", "5-*", "1-1-1", "~", "=", "#", "\0", "\r\n", "{a}", "a->b", "LIMIT", "COUNT", "WITHSCORES", "WITHVALUES", "BY", "GET",
        "STORE", "STOREDIST", "WEIGHTS", "AGGREGATE", "MATCH", "TYPE", "NX", "XX", "GT", "LT", "CH", "INCR", "EX", "PX", "EXAT", "PXAT", "KEEPTTL", "PERSIST", "REPLACE", "ABSTTL",
        "FREQ", "IDLETIME", "LEFT", "RIGHT", "BEFORE", "AFTER", "MIN", "MAX", "SUM", "BYSCORE", "BYLEX", "REV", "ASC", "DESC", "ALPHA", "FROMMEMBER", "FROMLONLAT", "BYRADIUS", "BYBOX",
        "m", "km", "WITHCOORD", "WITHDIST", "WITHHASH", "ANY", "STREAMS", "GROUP", "NOACK", "MAXLEN", "MINID", "MKSTREAM", "NOMKSTREAM", "ENTRIESREAD", "FORCE", "JUSTID", "RETRYCOUNT",
        "LASTID", "IDLE", "FULL", "FIELDS", "RANK", "BIT", "BYTE", "AND", "NOT", "OVERFLOW", "u8", "i64", "u64", "i65", "LEN", "IDX", "return redis.call(KEYS[1], ARGV[1])", "return 1",
        "#!lua name=x", "#!lua name=x\nredis.register_function('y', function() end)", "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    ];

    private static readonly string[] Keys = ["string", "number", "list", "set", "zset", "hash", "times", "stream", "hll", "geo", "none"];

    /// <summary>Makes a key of each type anew.</summary>
    public static IReadOnlyList<byte[][]> Prelude { get; } =
    [
        .. ((string[])
        [
            "FLUSHALL", "SET string hello", "SET number 41", "RPUSH list a b 3", "SADD set a b 3", "ZADD zset 1 a 2.5 b inf c", "HSET hash a 1 b x", "HSET times a 1 b x",
            "HEXPIRE times 1000 FIELDS 1 a", "XADD stream 1-1 a 1", "XGROUP CREATE stream g 0", "PFADD hll a b c", "GEOADD geo 13.36 38.11 a 15.08 37.5 b",
        ]).Select(line => RespTestClient.Bytes(line.Split(' '))),
    ];

    /// <summary>A request of a command, whose name is given with that of its subcommand.</summary>
    public byte[][] Request(string[] name, int arity)
    {
        var least = Math.Max(0, Math.Abs(arity) - name.Length);
        var count = random.Next(8) switch { 0 => random.Next(ArgumentsMax), _ when arity > 0 => least, _ => least + random.Next(ArgumentsMax - Math.Min(least, ArgumentsMax - 1)) };
        return [.. RespTestClient.Bytes(name), .. Enumerable.Range(0, count).Select(at => Argument(at))];
    }

    private byte[] Argument(int at) => random.Next(at == 0 ? 2 : 0, 12) switch
    {
        0 or 1 => Text(Numbers),
        2 or 3 or 4 or 5 when at < 2 => Text(Keys),
        2 or 3 or 4 => Text(Numbers),
        5 or 6 or 7 => Text(Words),
        8 => Text(words),
        9 => Text(Keys),
        10 => Bytes(random.Next(40)),
        _ => random.Next(20) == 0 ? Bytes(random.Next(60_000, 140_000)) : Bytes(random.Next(300)),
    };

    private byte[] Text(IReadOnlyList<string> from) => Encoding.Latin1.GetBytes(from[random.Next(from.Count)]);

    private byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }
}
