namespace Hal.Cache.Resp.Tests;

public sealed class Crc16Tests
{
    [Fact]
    public void Compute_gives_the_check_value_of_XMODEM() => Assert.Equal(0x31C3, Crc16.Compute("123456789"u8));

    [Theory]
    [InlineData("foo", 12182)]
    [InlineData("", 0)]
    [InlineData("{foo}bar", 12182)]
    [InlineData("bar{foo}", 12182)]
    [InlineData("{foo}{bar}", 12182)]
    public void HashSlot_is_that_of_the_tag_when_there_is_one(string key, int expected) =>
        Assert.Equal(expected, Crc16.HashSlot(Bytes.Of(key)));

    [Theory]
    [InlineData("{}foo")]
    [InlineData("foo{")]
    [InlineData("}foo{bar")]
    public void HashSlot_is_that_of_the_whole_key_when_the_tag_is_empty_or_open(string key) =>
        Assert.Equal(Crc16.Compute(Bytes.Of(key)) % Crc16.SlotCount, Crc16.HashSlot(Bytes.Of(key)));

    [Fact]
    public void HashSlot_of_an_open_brace_in_the_tag_counts_it() =>
        Assert.Equal(Crc16.HashSlot("{bar"u8), Crc16.HashSlot("foo{{bar}}zap"u8));
}
