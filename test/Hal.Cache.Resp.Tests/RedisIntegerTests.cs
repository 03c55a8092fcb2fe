namespace Hal.Cache.Resp.Tests;

public sealed class RedisIntegerTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("7", 7)]
    [InlineData("-1", -1)]
    [InlineData("10", 10)]
    [InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("-9223372036854775808", long.MinValue)]
    public void TryParse_reads_canonical_integers(string text, long expected)
    {
        Assert.True(RedisInteger.TryParse(Bytes.Of(text), out var value));
        Assert.Equal(expected, value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("+1")]
    [InlineData("-0")]
    [InlineData("00")]
    [InlineData("01")]
    [InlineData("-01")]
    [InlineData(" 1")]
    [InlineData("1 ")]
    [InlineData("1.0")]
    [InlineData("a")]
    [InlineData("1\0")]
    [InlineData("9223372036854775808")]
    [InlineData("-9223372036854775809")]
    [InlineData("18446744073709551616")]
    [InlineData("99999999999999999999")]
    [InlineData("111111111111111111111")]
    public void TryParse_refuses_anything_else(string text) => Assert.False(RedisInteger.TryParse(Bytes.Of(text), out _));

    [Theory]
    [InlineData(1)]
    public void Format_is_read_back(int seed)
    {
        var random = new Random(seed);
        Span<byte> text = stackalloc byte[RedisInteger.BytesMax];
        for (var round = 0; round < 10_000; round++)
        {
            var value = random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64);

            var written = RedisInteger.Format(value, text);

            Assert.Equal($"{value}", Bytes.Text(text[..written]));
            Assert.True(RedisInteger.TryParse(text[..written], out var again) && again == value, $"seed {seed}: {value}");
        }

        Assert.Equal("-9223372036854775808", Bytes.Text(text[..RedisInteger.Format(long.MinValue, text)]));
    }
}
