using System.Text;
using Hal.Cache.Gateway.Strings;

namespace Hal.Cache.Gateway.Tests.Strings;

public sealed class LcsTableTests
{
    [Fact]
    public void Matches_are_listed_from_the_end()
    {
        LcsTable table = LcsTable.Compute("ohmytext"u8.ToArray(), "mynewtext"u8.ToArray());

        Assert.Equal("mytext", Encoding.ASCII.GetString(table.Subsequence()));
        Assert.Equal([new LcsMatch(4, 5, 4), new LcsMatch(2, 0, 2)], table.Matches());
    }

    [Fact]
    public void Ties_go_back_in_the_second_string_whichever_is_longer()
    {
        // Both "a" and "b" are longest; what redis-server 7.0.15 says.
        Assert.Equal("b", Encoding.ASCII.GetString(LcsTable.Compute("ab"u8.ToArray(), "ba"u8.ToArray()).Subsequence()));
        Assert.Equal("b", Encoding.ASCII.GetString(LcsTable.Compute("abc"u8.ToArray(), "ba"u8.ToArray()).Subsequence()));
        Assert.Equal("b", Encoding.ASCII.GetString(LcsTable.Compute("ab"u8.ToArray(), "bad"u8.ToArray()).Subsequence()));
    }

    [Fact]
    public void Empty_strings_have_nothing_in_common()
    {
        LcsTable table = LcsTable.Compute([], "abc"u8.ToArray());

        Assert.Equal(0, table.Length);
        Assert.Empty(table.Matches());
    }

    [Theory]
    [InlineData(0, 0, 4, true)]
    [InlineData(1, 1, 15, false)]
    [InlineData(1, 1, 16, true)]
    [InlineData(512 << 20, 512 << 20, 512 << 20, false)]
    public void Fits_counts_four_bytes_for_each_pair_with_the_empty_prefixes(long first, long second, long bytesMax, bool fits) =>
        Assert.Equal(fits, LcsTable.Fits(first, second, bytesMax));
}
