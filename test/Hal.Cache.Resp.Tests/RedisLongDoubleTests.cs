using System.Globalization;
using Hal.Cache.Resp.Tests.Observed;

namespace Hal.Cache.Resp.Tests;

public sealed class RedisLongDoubleTests
{
    [Fact]
    public void Sums_are_those_of_INCRBYFLOAT()
    {
        foreach (var row in FloatSums.All)
        {
            Assert.True(row[2] == Sum(row[0], row[1]), $"{row[0]} + {row[1]} is {Sum(row[0], row[1])}, in Redis {row[2]}");
        }
    }

    [Theory]
    [InlineData(long.MinValue)]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(long.MaxValue)]
    public void From_keeps_an_integer_exactly(long value) => Assert.Equal($"{value}", RedisLongDouble.From(value).ToString());

    [Fact]
    public void Equality_is_that_of_the_numbers()
    {
        Assert.Equal(RedisLongDouble.From(4), Parse("4.0"));
        Assert.Equal(RedisLongDouble.From(4).GetHashCode(), Parse("0x.4p4").GetHashCode());
        Assert.True(Parse("0.1") != Parse("0.2"));
        Assert.True(Parse("inf") == Parse("infinity"));
        Assert.False(Parse("inf") == Parse("-inf"));
        Assert.True(Parse("-inf").IsInfinite);
        Assert.Equal("-inf", Parse("-inf").ToString());
    }

    [Fact]
    public void TryParse_refuses_a_text_longer_than_Redis_takes()
    {
        Assert.True(RedisLongDouble.TryParse(Bytes.Of("1" + new string('0', 4000)), out _));
        Assert.True(RedisLongDouble.TryParse(Bytes.Of(new string('0', RedisLongDouble.BytesMax)), out _));
        Assert.False(RedisLongDouble.TryParse(Bytes.Of(new string('0', RedisLongDouble.BytesMax + 1)), out _));
    }

    [Fact]
    public void Format_writes_the_greatest_and_the_least_number_within_its_limit()
    {
        Span<byte> text = stackalloc byte[RedisLongDouble.BytesMax];

        var greatest = Parse("-0xffffffffffffffffp16320").Format(text);

        Assert.Equal(4933 + 1, greatest);
        Assert.StartsWith("-118973149535723176502126385303097", Bytes.Text(text[..greatest]), StringComparison.Ordinal);
        Assert.Equal("0", Parse("0x1p-16445").ToString());
        Assert.False(RedisLongDouble.TryParse("0x1p16384"u8, out _));
        Assert.False(RedisLongDouble.TryParse("0xffffffffffffffff8p16316"u8, out _)); // rounds up to an overflow
        Assert.False(RedisLongDouble.TryParse("0x1p-16446"u8, out _)); // a tie, which rounds to even: to zero
    }

    [Theory]
    [InlineData(1)]
    public void TryParse_never_throws(int seed)
    {
        var random = new Random(seed);
        const string Letters = "0123456789.eExXpPinfINFTYnan+- \0";
        for (var round = 0; round < 50_000; round++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => Letters[random.Next(Letters.Length)]));

            var both = (RedisLongDouble.TryParse(Bytes.Of(text), out var value), RedisDouble.TryParse(Bytes.Of(text), out var real));

            Assert.True(both is (true, _) or (false, false), $"seed {seed}: '{text}' is a double only");
            if (both is (true, true) && Math.Abs(real) is > 1e-3 and < 1e15)
                Assert.Equal(real, double.Parse(value.ToString(), CultureInfo.InvariantCulture), Math.Abs(real) * 1e-12);
        }
    }

    private static string Sum(string left, string right)
    {
        if (!RedisLongDouble.TryParse(Bytes.Of(left), out var a) || !RedisLongDouble.TryParse(Bytes.Of(right), out var b))
            return "ERR value is not a valid float";
        return RedisLongDouble.TryAdd(a, b, out var sum) ? sum.ToString() : "ERR increment would produce NaN or Infinity";
    }

    private static RedisLongDouble Parse(string text)
    {
        Assert.True(RedisLongDouble.TryParse(Bytes.Of(text), out var value));
        return value;
    }
}
