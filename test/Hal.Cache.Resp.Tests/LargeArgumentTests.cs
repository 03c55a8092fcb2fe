namespace Hal.Cache.Resp.Tests;

public sealed class LargeArgumentTests
{
    private const int Large = RespLimits.StreamedBulkBytes + 1;

    private readonly RespRequestParser parser = new();

    [Fact]
    public void Parse_hands_over_an_argument_when_it_is_larger_than_what_is_buffered()
    {
        var head = Bytes.Of($"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n${Large}\r\n");

        Assert.Equal(ParseResult.LargeArgument, parser.Parse([.. head, 1, 2, 3]));
        Assert.Equal(head.Length, parser.Consumed);
        Assert.Equal(Large, parser.LargeLength);
        Assert.Equal(["SET", "k"], Bytes.Args(parser, head));

        parser.LargeTaken();
        Assert.Equal(ParseResult.Command, parser.Parse(head));
        Assert.Equal(head.Length, parser.Consumed);
        Assert.Equal(3, parser.Count);
        Assert.Equal(new ArgRange(0, 0, 0), parser[2]);
        Assert.Equal(Large, parser.LargeLengthOf(parser[2].Large));
        Assert.True(parser.Arg(2, head).IsEmpty);
    }

    [Fact]
    public void Parse_goes_on_after_several_large_arguments_when_their_bodies_are_elided()
    {
        var first = Bytes.Of($"*6\r\n$4\r\nMSET\r\n$1\r\na\r\n${Large}\r\n");
        var second = Bytes.Of($"$1\r\nb\r\n${Large + 5}\r\n");
        var last = Bytes.Of("$3\r\nend\r\n");

        Assert.Equal(ParseResult.LargeArgument, parser.Parse(first));
        parser.LargeTaken();
        Assert.Equal(ParseResult.NeedMore, parser.Parse(first));
        var both = Bytes.Concat(first, second);
        Assert.Equal(ParseResult.LargeArgument, parser.Parse(both));
        Assert.Equal(Large + 5, parser.LargeLength);
        parser.LargeTaken();
        var all = Bytes.Concat(both, last);
        Assert.Equal(ParseResult.Command, parser.Parse(all));

        Assert.Equal(["MSET", "a", "", "b", "", "end"], Bytes.Args(parser, all));
        Assert.Equal([0, 1], new[] { parser[2].Large, parser[4].Large });
        Assert.Equal([Large, Large + 5], new[] { parser.LargeLengthOf(0), parser.LargeLengthOf(1) });
        Assert.Equal(all.Length, parser.Consumed);
    }

    [Fact]
    public void Parse_says_the_same_again_when_the_large_argument_was_not_taken()
    {
        var head = Bytes.Of($"*1\r\n${Large}\r\n");
        parser.Parse(head);

        Assert.Equal(ParseResult.LargeArgument, parser.Parse(head));
    }

    [Fact]
    public void LargeTaken_throws_when_no_large_argument_is_waiting() => Assert.Throws<InvalidOperationException>(parser.LargeTaken);

    [Fact]
    public void Reset_forgets_large_arguments()
    {
        parser.Parse(Bytes.Of($"*1\r\n${Large}\r\n"));
        parser.LargeTaken();

        parser.Reset();

        Assert.Equal(0, parser.LargeCount);
        Assert.Equal(ParseResult.Command, parser.Parse(Bytes.Request("PING")));
    }

    [Theory]
    [InlineData(RespLimits.StreamedBulkBytes, true)]
    [InlineData(Large, false)]
    public void Parse_buffers_an_argument_when_it_is_small_enough_or_streaming_is_off(int length, bool streamLarge)
    {
        parser.StreamLarge = streamLarge;
        var input = Bytes.Request(new string('x', length));

        Assert.Equal(ParseResult.NeedMore, parser.Parse(input.AsSpan(0, 100)));
        Assert.Equal(ParseResult.Command, parser.Parse(input));
        Assert.Equal(length, parser[0].Length);
    }
}
