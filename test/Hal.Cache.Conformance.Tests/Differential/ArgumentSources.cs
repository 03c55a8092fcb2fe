using System.Globalization;
using System.Text;

namespace Hal.Cache.Conformance.Tests.Differential;

/// <summary>Draws arguments of a kind: mostly valid, at times on the border, at times wrong.</summary>
internal sealed class ArgumentSources
{
    private const int PayloadsMax = 64;
    private const long FarSeconds = 4_000_000_000; // The year 2096: far behind every relative expiry below.

    private static readonly string[] Keys = ["k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7", "key:8", "{tag}9"];
    private static readonly string[] OddKeys = ["", "a b", "\0\u00ff\r\n", "K0", "k0 "];
    private static readonly string[] Integers = ["0", "1", "-1", "2", "7", "10", "100", "-100", "65536"];
    private static readonly string[] OddIntegers =
    [
        "9223372036854775807", "-9223372036854775808", "9223372036854775808", "-9223372036854775809", "9223372036854775806",
        "abc", "", " 1", "1 ", "1.0", "+1", "01", "-0", "1e3", "0x10", "99999999999999999999999",
    ];

    private static readonly string[] Floats = ["0.1", "1.5", "-2.25", "3.0e3", "10.5", "5", "-1e-5", "100.00001", "0", "1e10", ".5", "5."];
    private static readonly string[] OddFloats = ["abc", "", " 1", "1 ", "inf", "-inf", "nan", "1.5.5", "1e", "--1", "1,5"];
    private static readonly string[] Indexes = ["0", "1", "-1", "2", "-2", "3", "5", "-5", "10", "-10", "100", "-100"];
    private static readonly string[] Offsets = ["0", "1", "5", "10", "30", "100", "1000"];
    private static readonly string[] OddOffsets = ["-1", "536870912", "9223372036854775807", "abc", "", "1.5"];
    private static readonly string[] BitOffsets = ["0", "1", "7", "8", "9", "31", "63", "64", "100", "1000", "10000"];
    private static readonly string[] OddBitOffsets = ["-1", "4294967296", "9223372036854775807", "abc", "", "1.5"];
    private static readonly string[] FieldOffsets = ["0", "1", "5", "8", "13", "64", "#0", "#1", "#2", "#10", "100"];
    private static readonly string[] OddFieldOffsets = ["-1", "#-1", "#", "abc", "", "4294967296", "#99999999999", "9223372036854775807"];
    private static readonly string[] FieldTypes = ["u1", "u2", "u4", "u5", "u8", "u13", "u16", "u32", "u63", "i1", "i5", "i8", "i16", "i32", "i63", "i64"];
    private static readonly string[] OddFieldTypes = ["u64", "i65", "u0", "i0", "x8", "8", "", "u", "i-1", "u8x", "U8"];
    private static readonly string[] Databases = ["0", "0", "1", "2", "3", "15"];
    private static readonly string[] OddDatabases = ["16", "-1", "abc", "", "1.0", "9223372036854775808", "2147483648"];
    private static readonly string[] Patterns = ["*", "k*", "k[0-3]", "?0", "k[^1]", "\\k0", "[", "k[a-", "", "**", "k?", "[k]0", "k\\", "*\0*", "[0-"];
    private static readonly string[] CollectionKeys = ["c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7"];
    private static readonly string[] Scores = ["0", "1", "-1", "2", "0.5", "3.25", "100", "-7", "1e10", "inf", "-inf", "0.1"];
    private static readonly string[] OddScores = ["abc", "", "nan", "1e400", " 1", "0x10", "-0", "(", "((", "--", "+1"];
    private static readonly string[] ScoreEnds = ["-inf", "+inf", "0", "1", "(1", "(0", "2", "(3.25", "100", "-7", "(inf", "(-inf"];
    private static readonly string[] LexEnds = ["-", "+", "[m", "(m", "[m2", "(m3", "[a", "[", "(", "[x"];
    private static readonly string[] Longitudes = ["13.361389", "15.087269", "0", "-180", "180", "2.35", "2.36", "2.40"];
    private static readonly string[] Latitudes = ["38.115556", "37.502669", "0", "85", "48.85", "48.86", "48.9"];
    private static readonly string[] Words = ["foo", "NX", "XX", "EX", "PX", "KEEPTTL", "GET", "REPLACE", "DB", "COUNT", "MATCH", "BYTE", "BIT", "", "help"];

    private readonly List<byte[]> _payloads = [];
    private long _relative = 10;

    /// <summary>Keeps a real payload, so that later commands can restore it.</summary>
    public void AddPayload(byte[] payload)
    {
        if (_payloads.Count == PayloadsMax) _payloads.RemoveAt(0);
        _payloads.Add(payload);
    }

    /// <summary>One argument of the named kind; throws <see cref="ArgumentException"/> for a kind that does not exist.</summary>
    public byte[] Draw(string kind, Random random) => kind switch
    {
        "key" => Text(Mix(random, 30, Keys, OddKeys)),
        "value" => Value(random),
        "int" => Text(Mix(random, 5, Integers, OddIntegers)),
        "float" => Text(Mix(random, 6, Floats, OddFloats)),
        "index" => Text(Mix(random, 12, Indexes, OddIntegers)),
        "offset" => Text(Mix(random, 8, Offsets, OddOffsets)),
        "bitoffset" => Text(Mix(random, 8, BitOffsets, OddBitOffsets)),
        "bit" => Text(Mix(random, 12, ["0", "1"], ["2", "-1", "x", "", "01"])),
        "fieldoffset" => Text(Mix(random, 12, FieldOffsets, OddFieldOffsets)),
        "fieldtype" => Text(Mix(random, 12, FieldTypes, OddFieldTypes)),
        "db" => Text(Mix(random, 10, Databases, OddDatabases)),
        "pattern" => Text(One(random, Patterns)),
        "word" => Text(One(random, Words)),
        "ttl" => Expiry(random, () => NextRelative(), 1),
        "ttlms" => Expiry(random, () => NextRelative(), 1000),
        "at" => Expiry(random, () => FarSeconds + random.Next(50), 1),
        "atms" => Expiry(random, () => FarSeconds + random.Next(50), 1000),
        "payload" => Payload(random),
        "ckey" => Text(One(random, CollectionKeys)),
        "lkey" => Text(random.Next(2) == 0 ? "l0" : "l1"),
        "hkey" => Text(random.Next(2) == 0 ? "h0" : "h1"),
        "member" => Member(random),
        "score" => Text(Mix(random, 15, Scores, OddScores)),
        "zmin" => Text(Mix(random, 15, ScoreEnds, OddScores)),
        "lex" => Text(Mix(random, 15, LexEnds, OddScores)),
        "numkeys" => Text(Mix(random, 6, ["1", "2", "3"], ["0", "-1", "abc", "100", "9223372036854775807"])),
        "lon" => Text(Mix(random, 20, Longitudes, ["181", "abc", "", "nan"])),
        "lat" => Text(Mix(random, 20, Latitudes, ["86", "abc"])),
        "radius" => Text(Mix(random, 20, ["0", "1", "10", "100", "200", "1000", "5000"], ["-1", "abc"])),
        "unit" => Text(Mix(random, 20, ["m", "km", "ft", "mi"], ["xx", ""])),
        _ => throw new ArgumentException($"No argument source is called '{kind}'.", nameof(kind)),
    };

    /// <summary>A wrong argument of any kind, for mutations.</summary>
    public static byte[] Odd(Random random) => Text(One(random, random.Next(2) == 0 ? Words : OddIntegers));

    private static string Mix(Random random, int oneOddIn, string[] usual, string[] odd) => One(random, random.Next(oneOddIn) == 0 ? odd : usual);

    private static string One(Random random, string[] from) => from[random.Next(from.Length)];

    // No two relative expiries of a run are closer than 100 s: the order of two of them never hangs on which millisecond a command ran in.
    private long NextRelative() => 100 * ++_relative;

    private static byte[] Expiry(Random random, Func<long> seconds, long scale) => random.Next(12) switch
    {
        0 => Text(One(random, ["0", "-1", "-1000", "1"]) == "1" && scale == 1 ? "-1" : "0"),
        1 => Text(One(random, ["abc", "", "9223372036854775807", "-9223372036854775808", "9223372036854775", "1.5", "99999999999999999999"])),
        _ => Text((seconds() * scale).ToString(CultureInfo.InvariantCulture)),
    };

    private static byte[] Value(Random random) => random.Next(10) switch
    {
        0 => Text(One(random, Integers)),
        1 => Text(One(random, OddIntegers)),
        2 => Text(One(random, Floats)),
        3 => Text(new string((char)random.Next('a', 'z'), random.Next(1, 200))), // compressible
        4 => Text(new string('x', random.Next(43, 47))), // around the 44 bytes where the encoding changes
        5 => Text(random.Next(-200, 70_000).ToString(CultureInfo.InvariantCulture)), // integer encodings of a payload
        6 when random.Next(20) == 0 => Noise(random, random.Next(1000, 20_000)),
        7 => Text("hello world"),
        _ => Noise(random, random.Next(40)),
    };

    private static byte[] Member(Random random) => Text(random.Next(6) switch
    {
        0 => "m" + random.Next(40),
        1 => random.Next(-5, 60).ToString(CultureInfo.InvariantCulture),
        2 when random.Next(4) == 0 => new string('x', random.Next(62, 72)), // around the 64 bytes of compact encodings
        3 when random.Next(4) == 0 => "",
        4 => "a",
        _ => "m" + random.Next(6),
    });

    private byte[] Payload(Random random)
    {
        if (_payloads.Count == 0 || random.Next(10) == 0) return Noise(random, random.Next(30));
        var payload = (byte[])_payloads[random.Next(_payloads.Count)].Clone();
        if (random.Next(4) == 0) payload[random.Next(payload.Length)] ^= (byte)(1 << random.Next(8));
        return payload;
    }

    private static byte[] Noise(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static byte[] Text(string text) => Encoding.Latin1.GetBytes(text);
}
