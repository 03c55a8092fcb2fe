using Hal.Cache.Silo.Settings;

namespace Hal.Cache.Silo.Tests.Settings;

public sealed class ByteSizeTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("1024", 1024)]
    [InlineData("7b", 7)]
    [InlineData("64k", 64_000)]
    [InlineData("64kb", 65_536)]
    [InlineData("512mb", 536_870_912)]
    [InlineData("512MB", 536_870_912)]
    [InlineData("3M", 3_000_000)]
    [InlineData("2gb", 2_147_483_648)]
    [InlineData("2G", 2_000_000_000)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void A_size_is_a_number_and_a_unit_as_Redis_has_them(string text, long bytes)
    {
        Assert.True(ByteSize.TryParse(text, out var parsed));
        Assert.Equal(bytes, parsed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("mb")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("1.5gb")]
    [InlineData("1 gb")]
    [InlineData("1tb")]
    [InlineData("0x10")]
    [InlineData("9223372036854775808")]
    [InlineData("8589934592gb")]
    public void Anything_else_is_not_a_size(string text) => Assert.False(ByteSize.TryParse(text, out _));

    [Theory]
    [InlineData(0, "0")]
    [InlineData(1000, "1000")]
    [InlineData(65_536, "64kb")]
    [InlineData(1L << 30, "1gb")]
    [InlineData((1L << 30) + 1024, "1048577kb")]
    public void A_size_is_printed_so_that_it_reads_back(long bytes, string text)
    {
        Assert.Equal(text, ByteSize.Format(bytes));
        Assert.True(ByteSize.TryParse(text, out var back));
        Assert.Equal(bytes, back);
    }
}
