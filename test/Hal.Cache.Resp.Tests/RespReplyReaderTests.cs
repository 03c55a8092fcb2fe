namespace Hal.Cache.Resp.Tests;

public sealed class RespReplyReaderTests
{
    [Theory]
    [InlineData("+OK\r\n", "SimpleString OK")]
    [InlineData("-ERR no\r\n", "Error (error) ERR no")]
    [InlineData(":-12\r\n", "Integer -12")]
    [InlineData(":+12\r\n", "Integer 12")]
    [InlineData("$5\r\na\r\nbc\r\n", "Bulk \"a\r\nbc\"")]
    [InlineData("$0\r\n\r\n", "Bulk \"\"")]
    [InlineData("$-1\r\n", "Null (nil)")]
    [InlineData("*-1\r\n", "NullArray (nil)")]
    [InlineData("_\r\n", "Null (nil)")]
    [InlineData("*2\r\n:1\r\n*1\r\n$1\r\na\r\n", "Array [1, [\"a\"]]")]
    [InlineData("*0\r\n", "Array []")]
    [InlineData(",1.5\r\n", "Double 1.5")]
    [InlineData(",nan\r\n", "Double nan")]
    [InlineData("#t\r\n", "Boolean (true)")]
    [InlineData("#f\r\n", "Boolean (false)")]
    [InlineData("(123456789012345678901234567890\r\n", "BigNumber 123456789012345678901234567890")]
    [InlineData("!5\r\nERR x\r\n", "BulkError (error) ERR x")]
    [InlineData("=7\r\ntxt:abc\r\n", "Verbatim \"abc\"")]
    [InlineData("%1\r\n+a\r\n:1\r\n", "Map {a, 1}")]
    [InlineData("~2\r\n:1\r\n:2\r\n", "Set [1, 2]")]
    [InlineData(">2\r\n+message\r\n:2\r\n", "Push [message, 2]")]
    public async Task ReadAsync_reads_every_type_however_the_stream_is_split(string bytes, string expected)
    {
        foreach (var piece in (int[])[1, 2, 1000])
        {
            var reply = await new RespReplyReader(new PieceStream(Bytes.Of(bytes), piece)).ReadAsync();

            Assert.Equal(expected, $"{reply.Kind} {reply}");
        }
    }

    [Fact]
    public async Task ReadAsync_keeps_values_besides_their_text()
    {
        var reader = Reader(",-inf\r\n=7\r\nmkd:abc\r\n|1\r\n+ttl\r\n:9\r\n+OK\r\n");

        Assert.Equal(double.NegativeInfinity, (await reader.ReadAsync()).Real);
        Assert.Equal("mkd", (await reader.ReadAsync()).Format);
        var last = await reader.ReadAsync();
        Assert.Equal("OK", last.Text);
        Assert.Equal(["ttl", "9"], last.Attributes.Select(value => value.ToString()));
    }

    [Fact]
    public async Task ReadAsync_reads_one_reply_after_another_and_ends_with_the_stream()
    {
        var reader = Reader("+a\r\n$1\r\nb\r\n");

        Assert.Equal("a", (await reader.ReadAsync()).Text);
        Assert.Equal("b", (await reader.ReadAsync()).Text);
        await Assert.ThrowsAsync<EndOfStreamException>(() => reader.ReadAsync().AsTask());
    }

    [Fact]
    public async Task ReadAsync_reads_a_string_larger_than_its_buffers()
    {
        var body = new byte[5_000_001];
        new Random(1).NextBytes(body);
        using var writer = new RespWriter();
        writer.Bulk(body);
        writer.Ok();
        var reader = new RespReplyReader(new PieceStream(writer.WrittenSpan.ToArray(), 9973));

        Assert.True((await reader.ReadAsync()).Bytes.Span.SequenceEqual(body));
        Assert.Equal("OK", (await reader.ReadAsync()).Text);
    }

    [Theory]
    [InlineData("\r\n")]
    [InlineData("x\r\n")]
    [InlineData(":a\r\n")]
    [InlineData(":\r\n")]
    [InlineData("$-2\r\n")]
    [InlineData("$1\r\nabc\r\n")]
    [InlineData("$99999999999\r\n")]
    [InlineData("$2147483647\r\n")]
    [InlineData("*-2\r\n")]
    [InlineData("*2147483647\r\n")]
    [InlineData("%-1\r\n")]
    [InlineData("%2147483647\r\n")]
    [InlineData(",x\r\n")]
    [InlineData("#x\r\n")]
    [InlineData("=3\r\ntxt\r\n")]
    [InlineData("!-1\r\n")]
    [InlineData("*?\r\n")]
    public async Task ReadAsync_throws_when_the_bytes_are_no_reply(string bytes) =>
        await Assert.ThrowsAsync<RespProtocolException>(() => Reader(bytes).ReadAsync().AsTask());

    [Fact]
    public async Task ReadAsync_takes_the_deepest_nesting_allowed_and_no_deeper()
    {
        var deepest = string.Concat(Enumerable.Repeat("*1\r\n", RespLimits.ReplyDepthMax)) + ":1\r\n";
        await Reader(deepest).ReadAsync();

        await Assert.ThrowsAsync<RespProtocolException>(() => Reader("*1\r\n" + deepest).ReadAsync().AsTask());
        var attributes = string.Concat(Enumerable.Repeat("|0\r\n", 100_000));
        await Assert.ThrowsAsync<RespProtocolException>(() => Reader(attributes).ReadAsync().AsTask());
    }

    [Fact]
    public async Task ReadAsync_throws_when_a_limit_is_exceeded()
    {
        var items = new RespReplyReader(new PieceStream(Bytes.Of("*2\r\n*2\r\n:1\r\n:1\r\n*2\r\n:1\r\n:1\r\n"), 1000)) { ItemsMax = 6 };
        var bulk = new RespReplyReader(new PieceStream(Bytes.Of("$11\r\n"), 1000)) { BulkBytesMax = 10 };
        var line = Reader("+" + new string('a', RespLimits.InlineBytesMax + 10));

        await Assert.ThrowsAsync<RespProtocolException>(() => items.ReadAsync().AsTask());
        await Assert.ThrowsAsync<RespProtocolException>(() => bulk.ReadAsync().AsTask());
        await Assert.ThrowsAsync<RespProtocolException>(() => line.ReadAsync().AsTask());
    }

    [Fact]
    public async Task ReadAsync_does_not_allocate_what_is_only_announced()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();

        await Assert.ThrowsAsync<EndOfStreamException>(() => Reader("$536870912\r\nabc").ReadAsync().AsTask());
        await Assert.ThrowsAsync<EndOfStreamException>(() => Reader("*16000000\r\n:1\r\n").ReadAsync().AsTask());

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task ReadAsync_throws_nothing_else_whatever_the_bytes_are(int seed)
    {
        string[] splinters =
        [
            "*2\r\n", "*-1\r\n", "%1\r\n", "|1\r\n", "$3\r\nabc\r\n", "$-1\r\n", ":1\r\n", "+a\r\n", "_\r\n",
            "#t\r\n", "=5\r\ntxt:", ",1\r\n", "\r\n", "$", ">1\r\n",
        ];
        var random = new Random(seed);
        for (var round = 0; round < 10_000; round++)
        {
            var parts = Enumerable.Range(0, random.Next(1, 12)).Select(_ => splinters[random.Next(splinters.Length)]);
            var bytes = Bytes.Of(string.Concat(parts));
            if (random.Next(2) == 0) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            var reader = new RespReplyReader(new PieceStream(bytes, random.Next(1, 20)));
            try
            {
                while (true) await reader.ReadAsync();
            }
            catch (Exception e) when (e is RespProtocolException or EndOfStreamException)
            {
                // Expected: the stream ends, or isn't one of replies.
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}, round {round}, {Convert.ToHexString(bytes)}: {e}");
            }
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task ReadAsync_reads_what_RespWriter_writes(int protocol)
    {
        using var writer = new RespWriter { Protocol = protocol };
        writer.ArrayHeader(6);
        writer.MapHeader(1);
        writer.Bulk("k"u8);
        writer.Double(0.1);
        writer.SetHeader(1);
        writer.Boolean(true);
        writer.Null();
        writer.Verbatim("txt"u8, "v"u8);
        writer.BigNumber("99"u8);
        writer.Error("ERR x"u8);

        var reply = await new RespReplyReader(new PieceStream(writer.WrittenSpan.ToArray(), 3)).ReadAsync();

        var expected = protocol == 2
            ? "[[\"k\", \"0.1\"], [1], (nil), \"v\", \"99\", (error) ERR x]"
            : "[{\"k\", 0.1}, [(true)], (nil), \"v\", 99, (error) ERR x]";
        Assert.Equal(expected, reply.ToString());
    }

    [Fact]
    public async Task Replies_are_equal_when_their_trees_are()
    {
        const string Tree = "*2\r\n$1\r\na\r\n%1\r\n+k\r\n:1\r\n";

        Assert.Equal(await Reader(Tree).ReadAsync(), await Reader(Tree).ReadAsync());
        var other = Tree.Replace("$1\r\na", "$1\r\nb", StringComparison.Ordinal);
        Assert.NotEqual(await Reader(Tree).ReadAsync(), await Reader(other).ReadAsync());
        Assert.NotEqual(await Reader("$-1\r\n").ReadAsync(), await Reader("*-1\r\n").ReadAsync());
    }

    private static RespReplyReader Reader(string bytes) => new(new PieceStream(Bytes.Of(bytes), 1000));
}
