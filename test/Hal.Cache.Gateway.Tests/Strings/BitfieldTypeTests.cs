using System.Text;
using Hal.Cache.Gateway.Strings;

namespace Hal.Cache.Gateway.Tests.Strings;

public sealed class BitfieldTypeTests
{
    [Theory]
    [InlineData("u1", true)]
    [InlineData("u63", true)]
    [InlineData("u64", false)]
    [InlineData("i64", true)]
    [InlineData("i65", false)]
    [InlineData("i0", false)]
    [InlineData("I8", false)]
    [InlineData("u", false)]
    [InlineData("u08", false)]
    [InlineData("", false)]
    public void TryParse_takes_the_types_that_exist(string text, bool valid) =>
        Assert.Equal(valid, BitfieldType.TryParse(Encoding.ASCII.GetBytes(text), out _));

    [Theory]
    [InlineData(3)]
    public void Read_gives_what_Write_wrote_and_leaves_the_bits_around_it(int seed)
    {
        var random = new Random(seed);
        for (int round = 0; round < 5_000; round++)
        {
            bool signed = random.Next(2) == 0;
            var type = new BitfieldType(signed, random.Next(1, signed ? 65 : 64));
            int bit = random.Next(8);
            var bytes = new byte[BitfieldType.BytesMax];
            random.NextBytes(bytes);
            byte[] before = [.. bytes];
            long value = random.NextInt64(long.MinValue, long.MaxValue);
            Span<byte> field = bytes.AsSpan(0, type.BytesAt(bit));

            type.Write(field, bit, value);

            long expected = value << (64 - type.Bits);
            expected = signed ? expected >> (64 - type.Bits) : (long)((ulong)expected >> (64 - type.Bits));
            Assert.True(expected == type.Read(field, bit), $"seed {seed}, round {round}: {type} at {bit}");
            for (int i = 0; i < bytes.Length * 8; i++)
            {
                if (i >= bit && i < bit + type.Bits) continue;
                Assert.Equal(before[i >> 3] & (0x80 >> (i & 7)), bytes[i >> 3] & (0x80 >> (i & 7)));
            }
        }
    }

    [Theory]
    [InlineData(true, 8, 120, 10, "Wrap", true, -126)]
    [InlineData(true, 8, 120, 10, "Saturate", true, 127)]
    [InlineData(true, 8, -120, -10, "Wrap", true, 126)]
    [InlineData(true, 8, -120, -10, "Saturate", true, -128)]
    [InlineData(true, 8, 100, 27, "Fail", false, 127)]
    [InlineData(true, 64, long.MaxValue, 1, "Wrap", true, long.MinValue)]
    [InlineData(true, 64, long.MaxValue, 1, "Saturate", true, long.MaxValue)]
    [InlineData(true, 64, long.MinValue, -1, "Saturate", true, long.MinValue)]
    [InlineData(true, 64, -5, long.MaxValue, "Saturate", false, long.MaxValue - 5)]
    [InlineData(false, 8, 250, 10, "Wrap", true, 4)]
    [InlineData(false, 8, 250, 10, "Saturate", true, 255)]
    [InlineData(false, 8, 5, -10, "Wrap", true, 251)]
    [InlineData(false, 8, 5, -10, "Saturate", true, 0)]
    [InlineData(false, 63, long.MaxValue, 1, "Wrap", true, 0)]
    [InlineData(false, 8, -1, 0, "Saturate", true, 255)]
    public void Add_overflows_as_the_mode_says(
        bool signed, int bits, long value, long increment, string mode, bool overflowed, long expected)
    {
        bool over = new BitfieldType(signed, bits).Add(value, increment, Enum.Parse<BitfieldOverflow>(mode), out long result);

        Assert.Equal((overflowed, expected), (over, result));
    }
}
