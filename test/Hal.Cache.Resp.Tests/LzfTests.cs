using Hal.Cache.Resp.Tests.Observed;

namespace Hal.Cache.Resp.Tests;

public sealed class LzfTests
{
    [Fact]
    public void Both_ways_are_those_of_Redis()
    {
        foreach (var row in LzfPayloads.All)
        {
            var (plain, packed) = (Convert.FromHexString(row[0]), Convert.FromHexString(row[1]));
            var target = new byte[plain.Length];

            Assert.True(Lzf.TryDecompress(packed, target));
            Assert.Equal(plain, target);
            Assert.Equal(packed, target[..Lzf.Compress(plain, target.AsSpan(0, plain.Length - 4))]);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Decompressing_gives_back_what_was_compressed(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 2000; round++)
        {
            var plain = Compressible(random, random.Next(1, round % 50 == 0 ? 40_000 : 400));
            var packed = new byte[plain.Length + (plain.Length / 16) + 16];
            var again = new byte[plain.Length];

            var length = Lzf.Compress(plain, packed);

            Assert.True(length > 0 && Lzf.TryDecompress(packed.AsSpan(0, length), again), $"seed {seed}, round {round}");
            Assert.Equal(plain, again);
        }
    }

    [Theory]
    [InlineData(3)]
    public void Compress_stays_within_its_target_whatever_its_length(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 5000; round++)
        {
            var plain = Compressible(random, random.Next(0, 100));
            var room = random.Next(0, 110);

            var length = Lzf.Compress(plain, new byte[room]);

            Assert.InRange(length, 0, room);
        }
    }

    [Theory]
    [InlineData("")]          // too short
    [InlineData("0461")]      // literals that are not there
    [InlineData("006120")]    // a reference without its distance
    [InlineData("0061E0")]    // a long reference without its length
    [InlineData("00612001")]  // a reference to before the start
    [InlineData("0061E0FF00")] // a reference beyond the target
    [InlineData("03616263646161")] // more literals than there is room for
    public void TryDecompress_refuses_malformed_bytes(string packed) =>
        Assert.False(Lzf.TryDecompress(Convert.FromHexString(packed), new byte[4]));

    [Theory]
    [InlineData(4)]
    public void TryDecompress_never_throws(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 50_000; round++)
        {
            var packed = new byte[random.Next(0, 24)];
            random.NextBytes(packed);
            try
            {
                Lzf.TryDecompress(packed, new byte[random.Next(0, 300)]);
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}, {Convert.ToHexString(packed)}: {e}");
            }
        }
    }

    private static byte[] Compressible(Random random, int length)
    {
        var bytes = new byte[length];
        var letters = 1 << random.Next(9);
        for (var i = 0; i < length; i++) bytes[i] = i > 5 && random.Next(8) > 0 ? bytes[i - 1 - (i % 5)] : (byte)random.Next(letters);
        return bytes;
    }
}
