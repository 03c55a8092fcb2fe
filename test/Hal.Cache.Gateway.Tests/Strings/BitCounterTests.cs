using Hal.Cache.Gateway.Strings;

namespace Hal.Cache.Gateway.Tests.Strings;

public sealed class BitCounterTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Counts_and_searches_agree_with_one_bit_at_a_time(int seed)
    {
        var random = new Random(seed);
        for (int round = 0; round < 2_000; round++)
        {
            var bytes = new byte[random.Next(0, 90)];
            Fill(random, bytes);
            bool inBits = random.Next(2) == 0;
            long start = random.Next(-100, 800);
            long end = random.Next(-100, 800);
            BitRange range = BitRange.Of(start, end, inBits, bytes.Length);
            bool set = random.Next(2) == 0;
            int cut = random.Next(0, bytes.Length + 1);

            (long count, long first) = Naive(bytes, start, end, inBits, set);
            ReadOnlySpan<byte> ranged = range.IsEmpty ? default : bytes.AsSpan((int)range.FirstByte, (int)range.Bytes);
            int split = Math.Min(cut, ranged.Length);
            long counted = BitCounter.Count(ranged[..split], range.FirstByte, range)
                + BitCounter.Count(ranged[split..], range.FirstByte + split, range);
            long found = BitSearch.Find(ranged[..split], range.FirstByte, range, set);
            if (found < 0) found = BitSearch.Find(ranged[split..], range.FirstByte + split, range, set);

            string where = $"seed {seed}, round {round}: {Convert.ToHexString(bytes)} {start} {end} bits={inBits} set={set} split={split}";
            Assert.True(count == counted, $"{where}: counted {counted}, not {count}");
            Assert.True(first == found, $"{where}: found {found}, not {first}");
        }
    }

    private static void Fill(Random random, byte[] bytes)
    {
        int kind = random.Next(3);
        if (kind == 0) random.NextBytes(bytes);
        else bytes.AsSpan().Fill(kind == 1 ? (byte)0 : (byte)0xFF);
        if (bytes.Length > 0) bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
    }

    private static (long Count, long First) Naive(byte[] bytes, long start, long end, bool inBits, bool set)
    {
        long total = inBits ? bytes.Length * 8 : bytes.Length;
        if (start < 0) start = Math.Max(0, start + total);
        if (end < 0) end = Math.Max(0, end + total);
        end = Math.Min(end, total - 1);
        long firstBit = inBits ? start : start * 8;
        long lastBit = inBits ? end : (end * 8) + 7;
        long count = 0;
        long first = -1;
        for (long bit = firstBit; bit <= lastBit; bit++)
        {
            bool value = (bytes[bit >> 3] & (0x80 >> (int)(bit & 7))) != 0;
            if (value) count++;
            if (value == set && first < 0) first = bit;
        }

        return (count, first);
    }
}
