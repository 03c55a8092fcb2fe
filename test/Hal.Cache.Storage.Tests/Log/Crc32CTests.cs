using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Storage.Log;

namespace Hal.Cache.Storage.Tests.Log;

public sealed class Crc32CTests
{
    [Fact]
    public void Append_gives_the_check_values_of_rfc_3720()
    {
        Assert.Equal(0xE3069283u, Crc32C.Append(0, Encoding.ASCII.GetBytes("123456789")));
        Assert.Equal(0x8A9136AAu, Crc32C.Append(0, new byte[32]));
        Assert.Equal(0x62A8AB43u, Crc32C.Append(0, Enumerable.Repeat((byte)0xff, 32).ToArray()));
    }

    [Fact]
    public void Append_equals_the_bitwise_definition_for_any_length_and_split()
    {
        const int seed = 20261;
        var random = new Random(seed);
        for (var round = 0; round < 200; round++)
        {
            var bytes = new byte[random.Next(0, 14_000)];
            random.NextBytes(bytes);
            var split = random.Next(0, bytes.Length + 1);

            var whole = Crc32C.Append(0, bytes);
            var parts = Crc32C.Append(Crc32C.Append(0, bytes.AsSpan(0, split)), bytes.AsSpan(split));

            Assert.True(Bitwise(bytes) == whole && whole == parts, $"seed {seed}, round {round}, length {bytes.Length}, split {split}");
        }
    }

    [Fact]
    public void Append_equals_the_bitwise_definition_where_one_way_ends_and_another_begins()
    {
        var bytes = new byte[9000];
        new Random(7).NextBytes(bytes);
        foreach (var edge in new[] { 768, 1024, 1280, 2048, 6144, 8192 })
        {
            for (var length = edge - 9; length <= edge + 9; length++)
                Assert.True(Bitwise(bytes[..length]) == Crc32C.Append(0, bytes.AsSpan(0, length)), $"length {length}");
        }
    }

    [Fact]
    public void Join_equals_the_checksum_of_both_parts_for_any_length()
    {
        const int seed = 20262;
        var random = new Random(seed);
        foreach (var length in new[] { 0, 1, 2, 255, 65_536, 65_537, 200_000 })
        {
            var bytes = new byte[random.Next(1, 100) + length];
            random.NextBytes(bytes);
            var front = bytes.Length - length;

            var joined = Crc32C.Join(Crc32C.Append(0, bytes.AsSpan(0, front)), Crc32C.Append(0, bytes.AsSpan(front)), length);

            Assert.True(Bitwise(bytes) == joined, $"seed {seed}, {front} and {length} bytes");
        }

        Assert.Equal(0xE3069283u, Crc32C.Join(Crc32C.Append(0, "12345"u8), Crc32C.Append(0, "6789"u8), 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => Crc32C.Join(1, 2, -1));
    }

    private static uint Bitwise(byte[] bytes)
    {
        var crc = ~0u;
        foreach (var b in bytes)
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ (0x82F63B78u & (uint)-(int)(crc & 1));
        }

        return ~crc;
    }
}
