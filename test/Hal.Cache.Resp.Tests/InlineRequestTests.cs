namespace Hal.Cache.Resp.Tests;

public sealed class InlineRequestTests
{
    private readonly RespRequestParser parser = new();

    // As redis-server 7.0.15 answered, through ECHO.
    [Theory]
    [InlineData("PING\r\n", "PING")]
    [InlineData("PING\n", "PING")]
    [InlineData("\r\n")]
    [InlineData("\n")]
    [InlineData("  \t \r\n")]
    [InlineData("  SET  k\tv \r\n", "SET", "k", "v")]
    [InlineData("PING\rPING\r\n", "PING", "PING")]
    [InlineData("ECHO a\r\r\n", "ECHO", "a")]
    [InlineData("ECHO \va\vb\n", "ECHO", "a\vb")]
    [InlineData("ECHO a\\nb\n", "ECHO", "a\\nb")]
    [InlineData("ECHO \"\"\r\n", "ECHO", "")]
    [InlineData("ECHO ''\r\n", "ECHO", "")]
    [InlineData("PING \"a\\x41\\n\"\r\n", "PING", "aA\n")]
    [InlineData("ECHO \"\\r\\t\\b\\a\\\\\\\"\"\n", "ECHO", "\r\t\b\a\\\"")]
    [InlineData("ECHO \"\\x00\\xfF\"\n", "ECHO", "\0\u00ff")]
    [InlineData("ECHO \"\\x4g\\q\"\r\n", "ECHO", "x4gq")]
    [InlineData("ECHO \"\\x4\"\r\n", "ECHO", "x4")]
    [InlineData("ECHO 'a\\'b'\r\n", "ECHO", "a'b")]
    [InlineData("ECHO 'a\\nb'\r\n", "ECHO", "a\\nb")]
    [InlineData("ECHO 'a\"b'\r\n", "ECHO", "a\"b")]
    [InlineData("ECHO a\"b c\"\r\n", "ECHO", "ab c")]
    [InlineData("ECHO a'b' \"c\"\td\r\n", "ECHO", "ab", "c", "d")]
    public void Parse_splits_an_inline_request_as_Redis_does(string request, params string[] expected)
    {
        var input = Bytes.Of(request);

        Assert.Equal(ParseResult.Command, parser.Parse(input));
        Assert.Equal(input.Length, parser.Consumed);
        Assert.Equal(expected, Bytes.Args(parser, input));
    }

    [Theory]
    [InlineData("\"\r\n")]
    [InlineData("'\r\n")]
    [InlineData("ECHO \"a\"b\r\n")]
    [InlineData("ECHO 'a'\"b\"\r\n")]
    [InlineData("ECHO a\"b\r\n")]
    [InlineData("ECHO \"a\\\"\r\n")]
    [InlineData("ECHO 'a\\'\r\n")]
    [InlineData("ECHO \"a\\\n")]
    public void Parse_fails_when_quotes_are_unbalanced(string request)
    {
        Assert.Equal(ParseResult.Error, parser.Parse(Bytes.Of(request)));
        Assert.Equal("Protocol error: unbalanced quotes in request", Bytes.Text(parser.ErrorMessage));
    }

    [Fact]
    public void Source_is_the_input_when_there_are_no_quotes_and_the_parser_s_own_when_there_are()
    {
        var plain = Bytes.Of("GET key\r\n");
        parser.Parse(plain);
        Assert.Equal("key", Bytes.Text(parser.Source(plain).Span.Slice(parser[1].Offset, parser[1].Length)));
        Assert.Equal(4, parser[1].Offset);

        parser.Reset();
        var quoted = Bytes.Of("GET \"k\\x65y\"\r\n");
        parser.Parse(quoted);
        Assert.Equal("key", Bytes.Text(parser.Source(quoted).Span.Slice(parser[1].Offset, parser[1].Length)));
    }

    [Fact]
    public void Parse_reads_a_plain_request_rightly_after_a_quoted_one()
    {
        parser.Parse(Bytes.Of("ECHO \"" + new string('x', 5000) + "\"\r\n"));
        parser.Reset();

        var input = Bytes.Request("GET", "a");
        Assert.Equal(ParseResult.Command, parser.Parse(input));
        Assert.Equal(["GET", "a"], Bytes.Args(parser, input));
    }

    [Fact]
    public void Parse_takes_the_longest_inline_request()
    {
        var input = Bytes.Of(new string('a', RespLimits.InlineBytesMax) + "\n");

        Assert.Equal(ParseResult.NeedMore, parser.Parse(input.AsSpan(0, RespLimits.InlineBytesMax)));
        Assert.Equal(ParseResult.Command, parser.Parse(input));
        Assert.Equal(RespLimits.InlineBytesMax, parser[0].Length);
    }
}
