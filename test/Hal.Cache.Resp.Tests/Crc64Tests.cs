namespace Hal.Cache.Resp.Tests;

public sealed class Crc64Tests
{
    [Fact]
    public void Compute_gives_the_check_value_of_Redis() => Assert.Equal(0xe9c6d914c4b8d9caUL, Crc64.Compute("123456789"u8));

    [Theory]
    [InlineData(1)]
    public void Compute_goes_on_from_any_point(int seed)
    {
        var random = new Random(seed);
        var bytes = new byte[1000];
        random.NextBytes(bytes);
        var whole = Crc64.Compute(bytes);

        for (var at = 0; at < 40; at++) Assert.Equal(whole, Crc64.Compute(bytes.AsSpan(at), Crc64.Compute(bytes.AsSpan(0, at))));
    }

    [Fact]
    public void Compute_ends_a_payload_of_Redis()
    {
        // DUMP of the value 10 by redis-server 7.0.15.
        var payload = Convert.FromHexString("00C00A0A006E9F57450EAE63BB");

        Assert.Equal(BitConverter.ToUInt64(payload.AsSpan(payload.Length - 8)), Crc64.Compute(payload.AsSpan(0, payload.Length - 8)));
    }
}
