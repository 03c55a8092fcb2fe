using Hal.Cache.Gateway.Strings;

namespace Hal.Cache.Gateway.Tests.Strings;

public sealed class BitCombinerTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(31)]
    [InlineData(100)]
    public void Combine_treats_a_shorter_source_as_filled_up_with_zeros(int sourceBytes)
    {
        foreach (BitOperation operation in Enum.GetValues<BitOperation>())
        {
            var random = new Random(sourceBytes);
            var target = new byte[100];
            var source = new byte[sourceBytes];
            random.NextBytes(target);
            random.NextBytes(source);
            byte[] before = [.. target];

            BitCombiner.Combine(operation, target, source);

            for (int i = 0; i < target.Length; i++)
            {
                byte right = i < source.Length ? source[i] : (byte)0;
                int expected = operation switch
                {
                    BitOperation.And => before[i] & right,
                    BitOperation.Or => before[i] | right,
                    BitOperation.Xor => before[i] ^ right,
                    _ => ~right & 0xFF,
                };
                Assert.Equal(expected, target[i]);
            }
        }
    }
}
