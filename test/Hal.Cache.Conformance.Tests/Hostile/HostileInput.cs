using System.Globalization;
using System.Text;
using Hal.Cache.Testing.Clients;

namespace Hal.Cache.Conformance.Tests.Hostile;

/// <summary>Bytes that no honest client sends.</summary>
internal static class HostileInput
{
    private static readonly byte[] Sample = RespTestClient.Encode(RespTestClient.Bytes("SET", "hostile", "value"));

    /// <summary>Broken requests that Redis answers with exactly this error before it closes the connection.</summary>
    public static TheoryData<string, string> Refused => new()
    {
        { "*2147483648\r\n", "Protocol error: invalid multibulk length" },
        { "*99999999999999999999\r\n", "Protocol error: invalid multibulk length" },
        { "*abc\r\n", "Protocol error: invalid multibulk length" },
        { "*1 \r\n", "Protocol error: invalid multibulk length" },
        { "*1\r\n$-1\r\n", "Protocol error: invalid bulk length" },
        { "*1\r\n$-2\r\n", "Protocol error: invalid bulk length" },
        { "*1\r\n$536870913\r\n", "Protocol error: invalid bulk length" },
        { "*1\r\n$99999999999999999999\r\n", "Protocol error: invalid bulk length" },
        { "*1\r\n$abc\r\n", "Protocol error: invalid bulk length" },
        { "*1\r\n$\r\n", "Protocol error: invalid bulk length" },
        { "*1\r\n*1\r\n", "Protocol error: expected '$', got '*'" },
        { "*2\r\n$3\r\nGET\r\n:1\r\n", "Protocol error: expected '$', got ':'" },
        { "*1\r\nPING\r\n", "Protocol error: expected '$', got 'P'" },
        { "SET k \"open\r\n", "Protocol error: unbalanced quotes in request" },
        { "SET k \"a\"b\r\n", "Protocol error: unbalanced quotes in request" },
        { "*" + new string('1', 70_000), "Protocol error: too big mbulk count string" },
        { "*1\r\n$" + new string('1', 70_000), "Protocol error: too big bulk count string" },
        { new string('x', 70_000), "Protocol error: too big inline request" },
    };

    /// <summary>Odd requests that are no errors: Redis takes them as nothing, and goes on.</summary>
    public static TheoryData<string> Ignored => ["\r\n", "*0\r\n", "*-1\r\n", "*-5\r\n", "   \r\n", "\n"];

    /// <summary>A valid request cut at every place.</summary>
    public static IEnumerable<byte[]> Truncated()
    {
        var request = RespTestClient.Encode(RespTestClient.Bytes("SET", "truncated", "value"));
        for (var length = 1; length < request.Length; length++) yield return request[..length];
    }

    /// <summary>Noise, mutated requests, and requests inside requests, from one seed.</summary>
    public static IEnumerable<byte[]> Noise(int seed, int count)
    {
        var random = new Random(seed);
        for (var i = 0; i < count; i++)
        {
            yield return (i % 4) switch
            {
                0 => Bytes(random, random.Next(1, 4096)),
                1 => Mutated(random),
                2 => Nested(random.Next(1, 2000)),
                _ => [.. "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$"u8, .. Encoding.ASCII.GetBytes(random.Next(0, 100_000).ToString(CultureInfo.InvariantCulture)), .. "\r\n"u8, .. Bytes(random, random.Next(2000))],
            };
        }
    }

    private static byte[] Mutated(Random random)
    {
        var bytes = Enumerable.Repeat(Sample, random.Next(1, 5)).SelectMany(one => one).ToArray();
        for (var times = random.Next(1, 8); times > 0; times--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        return bytes;
    }

    private static byte[] Nested(int depth) => Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("*1\r\n", depth)));

    private static byte[] Bytes(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }
}
