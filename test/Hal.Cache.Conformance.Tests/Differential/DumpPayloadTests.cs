namespace Hal.Cache.Conformance.Tests.Differential;

public sealed class DumpPayloadTests
{
    [Fact]
    public void Checksum_is_the_published_check_value_of_the_Jones_polynomial() => Assert.Equal(0xe9c6d914c4b8d9caUL, DumpPayload.Checksum("123456789"u8));

    [Fact]
    public void WithVersion_keeps_the_body_and_makes_the_checksum_right()
    {
        byte[] payload = [0, 1, (byte)'v', 10, 0, 0, 0, 0, 0, 0, 0, 0, 0];

        var changed = DumpPayload.WithVersion(payload, 6);

        Assert.False(DumpPayload.IsIntact(payload));
        Assert.True(DumpPayload.IsIntact(changed));
        Assert.Equal(6, DumpPayload.Version(changed));
        Assert.True(DumpPayload.Body(changed).SequenceEqual(DumpPayload.Body(payload)));
    }
}
