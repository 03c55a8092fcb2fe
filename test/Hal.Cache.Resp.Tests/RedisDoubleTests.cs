namespace Hal.Cache.Resp.Tests;

public sealed class RedisDoubleTests
{
    [Theory]
    [InlineData("0", 0.0)]
    [InlineData("3", 3.0)]
    [InlineData("+3", 3.0)]
    [InlineData("007", 7.0)]
    [InlineData("-1.5", -1.5)]
    [InlineData(".5", 0.5)]
    [InlineData("5.", 5.0)]
    [InlineData("1e3", 1000.0)]
    [InlineData("1E-3", 0.001)]
    [InlineData("inf", double.PositiveInfinity)]
    [InlineData("-Infinity", double.NegativeInfinity)]
    [InlineData("+INF", double.PositiveInfinity)]
    [InlineData("0x1.8p1", 3.0)]
    [InlineData("-0X10", -16.0)]
    [InlineData("0x.8", 0.5)]
    [InlineData("0x1p-1074", double.Epsilon)]
    [InlineData("0x1.fffffffffffff8p0", 2.0)]
    [InlineData("4.9e-324", double.Epsilon)]
    [InlineData("1.7976931348623157e308", double.MaxValue)]
    [InlineData("0e99999999999", 0.0)]
    public void TryParse_reads_what_strtod_reads(string text, double expected)
    {
        Assert.True(RedisDouble.TryParse(Bytes.Of(text), out var value));
        Assert.Equal(expected, value);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" 1")]
    [InlineData("1 ")]
    [InlineData("1\0")]
    [InlineData("nan")]
    [InlineData("-nan")]
    [InlineData("in")]
    [InlineData("infx")]
    [InlineData(".")]
    [InlineData("-")]
    [InlineData("+-1")]
    [InlineData("1e")]
    [InlineData("1e+")]
    [InlineData("1e5.0")]
    [InlineData("0x")]
    [InlineData("0xg")]
    [InlineData("0x1p")]
    [InlineData("1,5")]
    [InlineData("1e309")]
    [InlineData("-1e309")]
    [InlineData("1e99999999999")]
    [InlineData("1e-400")]
    [InlineData("0x1p1024")]
    [InlineData("0x1p-1076")]
    public void TryParse_refuses_what_Redis_refuses(string text) => Assert.False(RedisDouble.TryParse(Bytes.Of(text), out _));

    // The layout is that of the fpconv library in Redis 7.2.6, whose output for these values was compared.
    [Theory]
    [InlineData(0.0, "0")]
    [InlineData(-0.0, "-0")]
    [InlineData(3.0, "3")]
    [InlineData(-17.0, "-17")]
    [InlineData(0.1, "0.1")]
    [InlineData(10.5, "10.5")]
    [InlineData(463.46185, "463.46185")]
    [InlineData(95059988.73853125, "9.505998873853125e+7")]
    [InlineData(-38267.011306372944, "-3.8267011306372944e+4")]
    [InlineData(-6078.417881428459, "-6078.417881428459")]
    [InlineData(72126265788.50963, "72126265788.50963")]
    [InlineData(0.0754824825583723, "0.0754824825583723")]
    [InlineData(4.498354804002846e-5, "4.498354804002846e-5")]
    [InlineData(0.000001, "0.000001")]
    [InlineData(-3.762e-9, "-3.762e-9")]
    [InlineData(1.722e19, "1.722e+19")]
    [InlineData(1.74e26, "1.74e+26")]
    [InlineData(4.224360242295168e281, "4.224360242295168e+281")]
    [InlineData(4611686018427387904.0, "4611686018427387904")]
    [InlineData(5e18, "5e+18")]
    [InlineData(double.PositiveInfinity, "inf")]
    [InlineData(double.NegativeInfinity, "-inf")]
    [InlineData(double.NaN, "nan")]
    public void Format_writes_as_Redis_7_2(double value, string expected)
    {
        Span<byte> text = stackalloc byte[RedisDouble.BytesMax];

        Assert.Equal(expected, Bytes.Text(text[..RedisDouble.Format(value, text)]));
    }

    [Theory]
    [InlineData(1)]
    public void Format_is_read_back_exactly(int seed)
    {
        var random = new Random(seed);
        Span<byte> text = stackalloc byte[RedisDouble.BytesMax];
        for (var round = 0; round < 20_000; round++)
        {
            var value = BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue));
            if (!double.IsFinite(value)) continue;

            var written = RedisDouble.Format(value, text);

            Assert.True(RedisDouble.TryParse(text[..written], out var again) && again.Equals(value), $"seed {seed}: {value:R}");
        }
    }
}
