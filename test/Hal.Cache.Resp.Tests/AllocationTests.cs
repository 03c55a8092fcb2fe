using System.Text;

namespace Hal.Cache.Resp.Tests;

public sealed class AllocationTests
{
    private const int Commands = 10_000;

    [Fact]
    public void Parsing_and_replying_allocate_nothing_when_warm()
    {
        var input = Encoding.ASCII.GetBytes(
            "*2\r\n$3\r\nGET\r\n$8\r\nkey:0001\r\n*3\r\n$3\r\nSET\r\n$8\r\nkey:0001\r\n$16\r\n0123456789abcdef\r\n"
            + "PING\r\nECHO \"q\\x41\"\r\n"
            + "*40\r\n" + string.Concat(Enumerable.Repeat("$1\r\na\r\n", 40)));
        var parser = new RespRequestParser();
        using var writer = new RespWriter();
        Run(parser, writer, input, 100);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Run(parser, writer, input, Commands);

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static void Run(RespRequestParser parser, RespWriter writer, byte[] stream, int commands)
    {
        var at = 0;
        for (var i = 0; i < commands; i++)
        {
            if (at == stream.Length)
            {
                at = 0;
                writer.Clear();
            }

            var input = stream.AsSpan(at);

            // As when a packet ends in the middle.
            if (parser.Parse(input[..5]) == ParseResult.NeedMore) parser.Parse(input);
            writer.Bulk(parser.Arg(parser.Count - 1, input));
            writer.Ok();
            writer.Integer(i);
            writer.Null();
            writer.ArrayHeader(parser.Count);
            writer.Double(0.5);
            at += parser.Consumed;
            parser.Reset();
        }
    }
}
