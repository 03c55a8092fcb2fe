namespace Hal.Cache.Resp.Tests;

public sealed class RespRequestParserFuzzTests
{
    private const int Rounds = 20_000;

    private static readonly string[] Splinters =
    [
        "*", "$", "\r\n", "\n", "\r", "*1\r\n", "*3\r\n", "$4\r\nPING\r\n", "$-1\r\n", "$0\r\n\r\n", "*-1\r\n", "$70000\r\n",
        "\"", "'", "\\x4",
        "*99999999999\r\n", "$536870912\r\n", "$9223372036854775807\r\n", "*1048576\r\n",
        "$18446744073709551616\r\n", " ", "\0", "GET a", "0", "9",
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Parse_never_throws_and_never_asks_for_more_than_its_limits(int seed)
    {
        var random = new Random(seed);
        var parser = new RespRequestParser();
        for (var round = 0; round < Rounds; round++)
        {
            var input = Noise(random);
            parser.Reset();
            parser.StreamLarge = random.Next(2) == 0;
            parser.Unauthenticated = random.Next(4) == 0;
            try
            {
                Drive(parser, input, random);
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}, round {round}, input {Convert.ToHexString(input)}: {e}");
            }
        }
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public void Parse_gives_the_same_however_a_stream_is_split(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < Rounds / 20; round++)
        {
            var input = random.Next(3) == 0 ? Noise(random) : Stream(random);
            var whole = Outcome(input, () => input.Length);

            var split = Outcome(input, () => random.Next(1, 4));

            Assert.True(whole.SequenceEqual(split), $"seed {seed}, round {round}, input {Convert.ToHexString(input)}");
        }
    }

    [Fact]
    public void Parse_gives_the_same_at_every_split_point_of_every_kind_of_request()
    {
        string[] requests =
        [
            "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$12\r\nhello\r\nworld\r\n", "*11\r\n" + string.Concat(Enumerable.Repeat("$1\r\na\r\n", 11)),
            "*1\r\n$100\r\n" + new string('x', 100) + "\r\n", "PING\r\n",
            "SET k \"a\\x41b c\" 'd'\n", "*0\r\n", "\r\n", "*2\r\n$0\r\n\r\n$0\r\n\r\n",
        ];
        foreach (var request in requests)
        {
            var input = Bytes.Of(request);
            for (var at = 0; at < input.Length; at++)
            {
                var parser = new RespRequestParser();

                Assert.Equal(ParseResult.NeedMore, parser.Parse(input.AsSpan(0, at)));
                Assert.Equal(ParseResult.Command, parser.Parse(input));

                var fresh = new RespRequestParser();
                fresh.Parse(input);
                Assert.Equal(Bytes.Args(fresh, input), Bytes.Args(parser, input));
                Assert.Equal(input.Length, parser.Consumed);
            }
        }
    }

    // Pieces are given one by one; the outcome is every request's arguments, and the error that ended it.
    private static List<string> Outcome(byte[] input, Func<int> piece)
    {
        var parser = new RespRequestParser { StreamLarge = false };
        var outcome = new List<string>();
        var start = 0;
        var end = 0;
        while (true)
        {
            switch (parser.Parse(input.AsSpan(start, end - start)))
            {
                case ParseResult.Command:
                    outcome.Add(string.Join('|', Bytes.Args(parser, input[start..])));
                    start += parser.Consumed;
                    parser.Reset();
                    break;
                case ParseResult.Error:
                    outcome.Add(Bytes.Text(parser.ErrorMessage));
                    return outcome;
                default:
                    if (end == input.Length) return outcome;
                    end = Math.Min(input.Length, end + piece());
                    break;
            }
        }
    }

    private static void Drive(RespRequestParser parser, byte[] input, Random random)
    {
        var start = 0;
        var end = 0;
        while (true)
        {
            switch (parser.Parse(input.AsSpan(start, end - start)))
            {
                case ParseResult.Command:
                    foreach (var arg in Bytes.Args(parser, input[start..])) Assert.True(arg.Length <= input.Length);
                    Assert.InRange(parser.Consumed, 1, end - start);
                    start += parser.Consumed;
                    parser.Reset();
                    break;
                case ParseResult.LargeArgument:
                    Assert.InRange(parser.LargeLength, RespLimits.StreamedBulkBytes + 1, RespLimits.BulkBytesMax);
                    parser.LargeTaken();
                    break;
                case ParseResult.Error:
                    Assert.False(parser.ErrorMessage.IsEmpty);
                    return;
                default:
                    Assert.InRange(parser.Needed, end - start + 1, RespLimits.RequestBytesMax);
                    if (end == input.Length) return;
                    end = Math.Min(input.Length, end + random.Next(1, 40));
                    break;
            }
        }
    }

    private static byte[] Stream(Random random) =>
        Bytes.Concat([.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => random.Next(3) == 0
            ? Bytes.Of("ECHO \"a\\x4" + random.Next(10) + "\" 'b' c" + random.Next(1000) + "\r\n")
            : Bytes.Request([.. Enumerable.Range(0, random.Next(0, 14)).Select(_ => Bytes.Text(Random(random, random.Next(0, 130))))]))]);

    private static byte[] Noise(Random random)
    {
        switch (random.Next(3))
        {
            case 0:
                return Random(random, random.Next(1, 60));
            case 1:
                var parts = Enumerable.Range(0, random.Next(1, 12)).Select(_ => Splinters[random.Next(Splinters.Length)]);
                return Bytes.Of(string.Concat(parts));
            default:
                var input = Stream(random);
                for (var i = random.Next(1, 4); i > 0 && input.Length > 1; i--)
                {
                    var at = random.Next(input.Length);
                    switch (random.Next(3))
                    {
                        case 0:
                            input[at] = (byte)random.Next(256);
                            break;
                        case 1:
                            input = [.. input[..at], .. input[(at + 1)..]];
                            break;
                        default:
                            input = Bytes.Concat(input[..at], Bytes.Of(Splinters[random.Next(Splinters.Length)]), input[at..]);
                            break;
                    }
                }

                return input;
        }
    }

    private static byte[] Random(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }
}
