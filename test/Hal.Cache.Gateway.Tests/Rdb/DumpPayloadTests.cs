using System.Text;
using Hal.Cache.Gateway.Rdb;
using Hal.Cache.Node.Values;

namespace Hal.Cache.Gateway.Tests.Rdb;

public sealed class DumpPayloadTests
{
    private const int BytesMax = 1 << 20;

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("127")]
    [InlineData("-129")]
    [InlineData("32768")]
    [InlineData("-2147483648")]
    [InlineData("2147483648")]
    [InlineData("007")]
    [InlineData("hello")]
    public void Payload_reads_back_what_was_written(string text)
    {
        byte[] value = Encoding.ASCII.GetBytes(text);

        byte[] read = ReadString(DumpPayload.OfString(value), BytesMax, out string error);

        Assert.Equal("", error);
        Assert.Equal(value, read);
    }

    [Theory]
    [InlineData(20)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(16_383)]
    [InlineData(16_384)]
    [InlineData(300_000)]
    public void Payload_reads_back_values_of_any_length_compressible_or_not(int length)
    {
        byte[] noise = new byte[length];
        new Random(length).NextBytes(noise);
        byte[] same = new byte[length];

        Assert.Equal(noise, ReadString(DumpPayload.OfString(noise), BytesMax, out _));
        Assert.Equal(same, ReadString(DumpPayload.OfString(same), BytesMax, out _));
        Assert.True(length <= 20 || DumpPayload.OfString(same).Length < DumpPayload.OfString(noise).Length);
    }

    [Fact]
    public void Payload_is_refused_when_any_bit_of_it_changes()
    {
        byte[] payload = DumpPayload.OfString("some value"u8);
        for (int bit = 0; bit < payload.Length * 8; bit++)
        {
            byte[] changed = [.. payload];
            changed[bit / 8] ^= (byte)(1 << (bit % 8));

            ReadString(changed, BytesMax, out string error);

            Assert.Equal("ERR DUMP payload version or checksum are wrong", error);
        }
    }

    [Fact]
    public void Strings_of_noise_are_refused_or_read_and_nothing_worse()
    {
        const int seed = 5;
        var random = new Random(seed);
        int refused = 0;
        for (int i = 0; i < 100_000; i++)
        {
            byte[] noise = new byte[random.Next(40)];
            random.NextBytes(noise);
            if (!RdbStrings.TryRead(noise, BytesMax, out byte[] value)) refused++;
            else Assert.True(value.Length <= BytesMax, $"seed {seed}");
        }

        Assert.InRange(refused, 1, 99_999);
    }

    private static byte[] ReadString(ReadOnlySpan<byte> payload, long bytesMax, out string error)
    {
        error = DumpPayload.Read(payload, bytesMax, new CollectionLimits(), out byte[] text, out _) ?? "";
        return text;
    }
}
