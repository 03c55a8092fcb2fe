using Hal.Cache.Resp.Tests.Observed;

namespace Hal.Cache.Resp.Tests;

public sealed class GlobPatternTests
{
    [Fact]
    public void IsMatch_answers_as_Redis_did()
    {
        foreach (var row in GlobMatches.All)
        {
            var (pattern, text) = (Convert.FromHexString(row[0]), Convert.FromHexString(row[1]));

            Assert.True(bool.Parse(row[2]) == GlobPattern.IsMatch(pattern, text), $"'{Bytes.Text(pattern)}' on '{Bytes.Text(text)}'");
        }
    }

    [Theory]
    [InlineData("HeLLo*", "hEllO world", true)]
    [InlineData("[A-C]x", "bX", true)]
    [InlineData("[abc]", "B", true)]
    [InlineData("[\\b]", "B", false)] // an escaped byte in a class keeps its case, as in Redis
    [InlineData("\\B", "b", true)]
    [InlineData("[^B]", "b", false)]
    [InlineData("\u00c0", "\u00e0", false)]
    [InlineData("abc", "abd", false)]
    public void IsMatch_ignores_the_case_of_ASCII_letters_when_asked(string pattern, string text, bool expected)
    {
        Assert.Equal(expected, GlobPattern.IsMatch(Bytes.Of(pattern), Bytes.Of(text), ignoreCase: true));
    }

    [Fact]
    public void IsMatch_minds_case_unless_asked() => Assert.False(GlobPattern.IsMatch("a"u8, "A"u8));

    [Fact]
    public void IsMatch_of_an_empty_text_is_for_the_empty_pattern_only()
    {
        Assert.True(GlobPattern.IsMatch([], []));
        Assert.False(GlobPattern.IsMatch("*"u8, []));
        Assert.False(GlobPattern.IsMatch([], "a"u8));
    }

    [Fact]
    public void IsMatch_ends_soon_when_many_stars_can_t_match()
    {
        // With backtracking into every star this is more than 10^100 steps.
        var pattern = Bytes.Of(string.Concat(Enumerable.Repeat("a*", 100)) + "b");

        Assert.False(GlobPattern.IsMatch(pattern, Bytes.Of(new string('a', 10_000))));
        Assert.True(GlobPattern.IsMatch(pattern, Bytes.Of(new string('a', 10_000) + "b")));
    }

    [Fact]
    public void IsMatch_gives_up_when_its_work_limit_is_reached()
    {
        var pattern = Bytes.Of("*" + new string('a', 20_000) + "b*");
        var text = Bytes.Of(new string('a', 100_000) + new string('a', 20_000) + "b");

        Assert.False(GlobPattern.IsMatch(pattern, text));
        Assert.True(GlobPattern.IsMatch(pattern, text.AsSpan(99_000 + 900)));
    }

    [Theory]
    [InlineData(GlobPattern.StarsMax, true)]
    [InlineData(GlobPattern.StarsMax + 1, false)]
    public void IsMatch_takes_as_many_stars_as_Redis(int stars, bool expected)
    {
        var pattern = Bytes.Of(string.Concat(Enumerable.Repeat("*a", stars)));

        Assert.Equal(expected, GlobPattern.IsMatch(pattern, Bytes.Of(new string('a', 3000))));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void IsMatch_agrees_with_a_plain_recursive_matcher(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 50_000; round++)
        {
            var pattern = Draw(random, "ab*?", 8);
            var text = Draw(random, "ab", 8);
            if (text.Length == 0) continue;

            var match = GlobPattern.IsMatch(Bytes.Of(pattern), Bytes.Of(text));

            Assert.True(Recursive(pattern, text) == match, $"seed {seed}: '{pattern}' on '{text}'");
        }
    }

    private static bool Recursive(string pattern, string text)
    {
        if (pattern.Length == 0) return text.Length == 0;
        if (pattern[0] == '*') return Recursive(pattern[1..], text) || (text.Length > 0 && Recursive(pattern, text[1..]));
        return text.Length > 0 && (pattern[0] == '?' || pattern[0] == text[0]) && Recursive(pattern[1..], text[1..]);
    }

    private static string Draw(Random random, string letters, int most) =>
        string.Concat(Enumerable.Range(0, random.Next(most)).Select(_ => letters[random.Next(letters.Length)]));
}
