using System.Text;

namespace Hal.Cache.Resp.Tests;

public sealed class RespRequestParserTests
{
    private readonly RespRequestParser parser = new();

    [Theory]
    [InlineData("*1\r\n$4\r\nPING\r\n", "PING")]
    [InlineData("*2\r\n$3\r\nGET\r\n$10\r\n0123456789\r\n", "GET", "0123456789")]
    [InlineData("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n", "SET", "k", "")]
    [InlineData("*1\r\n$4\r\nPINGxx", "PING")] // Redis skips the line's end without a look
    [InlineData("*1\r\n$4\rXPING\r\n", "PING")]
    [InlineData("*0\r\n")]
    [InlineData("*-1\r\n")]
    [InlineData("*-10\r\n")]
    public void Parse_gives_the_arguments_when_a_multibulk_request_is_whole(string request, params string[] expected)
    {
        var input = Bytes.Of(request);

        Assert.Equal(ParseResult.Command, parser.Parse(input));
        Assert.Equal(input.Length, parser.Consumed);
        Assert.Equal(expected, Bytes.Args(parser, input));
    }

    [Fact]
    public void Parse_gives_twelve_arguments_and_a_length_of_three_digits()
    {
        var args = Enumerable.Range(0, 12).Select(i => new string((char)('a' + i), i * 30)).ToArray();
        var input = Bytes.Request(args);

        Assert.Equal(ParseResult.Command, parser.Parse(input));
        Assert.Equal(args, Bytes.Args(parser, input));
    }

    [Theory]
    [InlineData("*1048577\r\n", "Protocol error: invalid multibulk length")]
    [InlineData("*2147483648\r\n", "Protocol error: invalid multibulk length")]
    [InlineData("*abc\r\n", "Protocol error: invalid multibulk length")]
    [InlineData("*\r\n", "Protocol error: invalid multibulk length")]
    [InlineData("*01\r\n", "Protocol error: invalid multibulk length")]
    [InlineData("*+1\r\n", "Protocol error: invalid multibulk length")]
    [InlineData("* 1\r\n", "Protocol error: invalid multibulk length")]
    [InlineData("*99999999999999999999999\r\n", "Protocol error: invalid multibulk length")]
    [InlineData("*1\r\n$-1\r\n", "Protocol error: invalid bulk length")]
    [InlineData("*1\r\n$\r\n", "Protocol error: invalid bulk length")]
    [InlineData("*1\r\n$04\r\nPING\r\n", "Protocol error: invalid bulk length")]
    [InlineData("*1\r\n$1x\r\nPING\r\n", "Protocol error: invalid bulk length")]
    [InlineData("*1\r\n$536870913\r\n", "Protocol error: invalid bulk length")]
    [InlineData("*1\r\nx4\r\n", "Protocol error: expected '$', got 'x'")]
    [InlineData("*1\r\n\u00ff4\r\n", "Protocol error: expected '$', got '\u00ff'")]
    [InlineData("*2\r\n$4\r\nPING\r\n:1\r\n", "Protocol error: expected '$', got ':'")]
    public void Parse_fails_with_the_text_of_Redis_when_a_length_is_wrong(string request, string expected)
    {
        Assert.Equal(ParseResult.Error, parser.Parse(Bytes.Of(request)));
        Assert.Equal(expected, Encoding.Latin1.GetString(parser.ErrorMessage));
        Assert.Equal(ParseResult.Error, parser.Parse(Bytes.Of(request)));
    }

    [Theory]
    [InlineData("*", "Protocol error: too big mbulk count string")]
    [InlineData("*1\r\n$", "Protocol error: too big bulk count string")]
    [InlineData("A", "Protocol error: too big inline request")]
    [InlineData("*\0\r\n", "Protocol error: too big mbulk count string")]
    [InlineData("\0\n", "Protocol error: too big inline request")]
    public void Parse_fails_when_a_line_does_not_end_within_its_limit(string start, string expected)
    {
        var most = Bytes.Of(start + new string('1', RespLimits.InlineBytesMax + 4));
        var lineStart = start.StartsWith("*1", StringComparison.Ordinal) ? 4 : 0;
        var last = lineStart + RespLimits.InlineBytesMax;

        Assert.Equal(ParseResult.NeedMore, parser.Parse(most.AsSpan(0, last)));
        Assert.Equal(ParseResult.Error, parser.Parse(most.AsSpan(0, last + 1)));
        Assert.Equal(expected, Encoding.Latin1.GetString(parser.ErrorMessage));
    }

    [Fact]
    public void Parse_stops_at_the_end_of_the_request_when_others_follow()
    {
        var first = Bytes.Request("GET", "a");
        var input = Bytes.Concat(first, Bytes.Request("GET", "bb"));

        Assert.Equal(ParseResult.Command, parser.Parse(input));
        Assert.Equal(first.Length, parser.Consumed);
        Assert.Equal(["GET", "a"], Bytes.Args(parser, input));

        parser.Reset();
        var rest = input[first.Length..];
        Assert.Equal(ParseResult.Command, parser.Parse(rest));
        Assert.Equal(["GET", "bb"], Bytes.Args(parser, rest));
    }

    [Fact]
    public void Needed_is_the_end_of_the_body_when_a_body_is_incomplete()
    {
        var input = Bytes.Of("*1\r\n$1000\r\nabc");

        Assert.Equal(ParseResult.NeedMore, parser.Parse(input));
        Assert.Equal(11 + 1000 + 2, parser.Needed);
    }

    [Fact]
    public void Parse_reads_each_byte_once_when_a_million_arguments_come_slowly()
    {
        // A parser that began anew each time would take 10^11 steps here, and not end within the test run.
        var input = Bytes.Request([.. Enumerable.Repeat("a", RespLimits.ArgsMax)]);
        var result = ParseResult.NeedMore;

        for (var length = 0; length <= input.Length; length++) result = parser.Parse(input.AsSpan(0, length));

        Assert.Equal(ParseResult.Command, result);
        Assert.Equal(RespLimits.ArgsMax, parser.Count);
        Assert.Equal("a", Bytes.Text(parser.Arg(RespLimits.ArgsMax - 1, input)));
    }

    [Theory]
    [InlineData("*11\r\n", "Protocol error: unauthenticated multibulk length")]
    [InlineData("*1\r\n$16385\r\n", "Protocol error: unauthenticated bulk length")]
    public void Parse_fails_when_an_unauthenticated_request_is_over_its_limits(string request, string expected)
    {
        parser.Unauthenticated = true;

        Assert.Equal(ParseResult.Error, parser.Parse(Bytes.Of(request)));
        Assert.Equal(expected, Bytes.Text(parser.ErrorMessage));
    }

    [Theory]
    [InlineData("*10\r\n")]
    [InlineData("*1\r\n$16384\r\n")]
    public void Parse_goes_on_when_an_unauthenticated_request_is_at_its_limits(string request)
    {
        parser.Unauthenticated = true;

        Assert.Equal(ParseResult.NeedMore, parser.Parse(Bytes.Of(request)));
    }

    [Fact]
    public void Parse_fails_when_a_buffered_request_exceeds_its_limit()
    {
        parser.RequestBytesMax = 1000;
        parser.StreamLarge = false;

        Assert.Equal(ParseResult.Error, parser.Parse(Bytes.Of("*1\r\n$1000\r\n")));
        Assert.Equal("Protocol error: request exceeds 1000 bytes", Bytes.Text(parser.ErrorMessage));
    }

    [Fact]
    public void BulkBytesMax_takes_effect_and_has_a_least_value()
    {
        parser.BulkBytesMax = 2 * RespLimits.BulkBytesMaxLeast;

        Assert.Equal(ParseResult.Error, parser.Parse(Bytes.Of($"*1\r\n${(2 * RespLimits.BulkBytesMaxLeast) + 1}\r\n")));
        Assert.Throws<ArgumentOutOfRangeException>(() => parser.BulkBytesMax = RespLimits.BulkBytesMaxLeast - 1);
    }

    [Fact]
    public void Parse_takes_no_length_for_a_small_one_when_any_length_is_allowed()
    {
        parser.BulkBytesMax = long.MaxValue;
        parser.StreamLarge = false;

        Assert.Equal(ParseResult.Error, parser.Parse(Bytes.Of("*1\r\n$9223372036854775807\r\nabc\r\n")));
        Assert.Equal("Protocol error: request exceeds 1073741824 bytes", Bytes.Text(parser.ErrorMessage));
    }

    [Fact]
    public void Index_throws_when_it_is_out_of_range()
    {
        parser.Parse(Bytes.Request("PING"));

        Assert.Throws<ArgumentOutOfRangeException>(() => parser[1]);
        Assert.Throws<ArgumentOutOfRangeException>(() => parser[-1]);
        Assert.Throws<ArgumentOutOfRangeException>(() => parser.LargeLengthOf(0));
    }
}
