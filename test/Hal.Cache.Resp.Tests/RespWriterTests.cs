using System.Text;

namespace Hal.Cache.Resp.Tests;

public sealed class RespWriterTests : IDisposable
{
    private readonly RespWriter writer = new();

    public void Dispose() => writer.Dispose();

    // Name, what is written, RESP2, RESP3.
    public static TheoryData<string, string, string> Replies => new()
    {
        { "ok", "+OK\r\n", "+OK\r\n" },
        { "simple", "+a b  c\r\n", "+a b  c\r\n" },
        { "error", "-ERR a  b\r\n", "-ERR a  b\r\n" },
        { "error string", "-ERR \u00c3\u00a9 b\r\n", "-ERR \u00c3\u00a9 b\r\n" },
        { "integers", ":0\r\n:9\r\n:10\r\n:99\r\n:100\r\n:-1\r\n", ":0\r\n:9\r\n:10\r\n:99\r\n:100\r\n:-1\r\n" },
        { "long integers", ":9223372036854775807\r\n:-9223372036854775808\r\n", ":9223372036854775807\r\n:-9223372036854775808\r\n" },
        { "bulk", "$0\r\n\r\n$12\r\nhello\r\nworld\r\n", "$0\r\n\r\n$12\r\nhello\r\nworld\r\n" },
        { "bulk integer", "$3\r\n-12\r\n", "$3\r\n-12\r\n" },
        { "bulk header", "$3\r\nabc\r\n", "$3\r\nabc\r\n" },
        { "null", "$-1\r\n", "_\r\n" },
        { "null array", "*-1\r\n", "_\r\n" },
        { "array", "*0\r\n*12\r\n", "*0\r\n*12\r\n" },
        { "map", "*4\r\n", "%2\r\n" },
        { "set", "*2\r\n", "~2\r\n" },
        { "push", "*3\r\n", ">3\r\n" },
        { "double", "$3\r\n1.5\r\n$3\r\ninf\r\n", ",1.5\r\n,inf\r\n" },
        { "boolean", ":1\r\n:0\r\n", "#t\r\n#f\r\n" },
        { "big number", "$3\r\n123\r\n", "(123\r\n" },
        { "verbatim", "$4\r\ntext\r\n", "=8\r\ntxt:text\r\n" },
        { "raw", "abc", "abc" },
    };

    [Theory]
    [MemberData(nameof(Replies))]
    public void Replies_are_written_as_each_protocol_has_them(string reply, string resp2, string resp3)
    {
        Write(reply);
        Assert.Equal(resp2, Bytes.Text(writer.WrittenSpan));

        writer.Clear();
        writer.Protocol = 3;
        Write(reply);
        Assert.Equal(resp3, Bytes.Text(writer.WrittenSpan));
    }

    [Fact]
    public void An_endless_error_ends_at_the_limit()
    {
        writer.Error(Enumerable.Repeat((byte)'x', 100_000).ToArray());
        Assert.Equal(RespLimits.ErrorBytesMax + 3, writer.WrittenSpan.Length);

        writer.Clear();
        writer.Error(new string('\u00e9', 100_000));
        Assert.Equal(RespLimits.ErrorBytesMax + 3, writer.WrittenSpan.Length);
        Assert.True(writer.WrittenSpan.EndsWith("\r\n"u8));
    }

    [Fact]
    public void Protocol_is_2_or_3_only()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.Protocol = 1);
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.Protocol = 4);
    }

    [Fact]
    public void Bulk_keeps_all_bytes_when_the_buffer_grows()
    {
        var expected = new StringBuilder();
        for (var length = 0; length < 3000; length += 7)
        {
            var text = new string((char)('a' + (length % 26)), length);
            writer.Bulk(Bytes.Of(text));
            expected.Append('$').Append(length).Append("\r\n").Append(text).Append("\r\n");
        }

        Assert.Equal(expected.ToString(), Bytes.Text(writer.Written.Span));
        Assert.Equal(expected.Length, writer.Length);
    }

    [Fact]
    public void BulkDeferred_notes_where_the_body_belongs()
    {
        var source = new object();
        writer.Ok();
        writer.BulkDeferred(1_000_000, source);
        writer.Ok();

        Assert.Equal("+OK\r\n$1000000\r\n\r\n+OK\r\n", Bytes.Text(writer.WrittenSpan));
        Assert.Equal([new DeferredBody(5, 15, 1_000_000, source)], writer.Deferred);
    }

    [Fact]
    public void Truncate_drops_what_was_written_after_it_and_its_deferred_bodies()
    {
        writer.BulkDeferred(5, "kept");
        var position = writer.Length;
        writer.ArrayHeader(2);
        writer.BulkDeferred(6, "dropped");

        writer.Truncate(position);

        Assert.Equal("$5\r\n\r\n", Bytes.Text(writer.WrittenSpan));
        Assert.Equal("kept", Assert.Single(writer.Deferred).Source);
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.Truncate(position + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.Truncate(-1));
    }

    [Fact]
    public void ArrayHeaderAt_puts_a_header_before_what_was_written()
    {
        writer.BulkDeferred(5, "before");
        var position = writer.Length;
        for (var i = 0; i < 11; i++) writer.Integer(i);
        writer.BulkDeferred(6, "within");

        writer.ArrayHeaderAt(position, 12);

        var integers = string.Concat(Enumerable.Range(0, 11).Select(i => $":{i}\r\n"));
        Assert.Equal("$5\r\n\r\n*12\r\n" + integers + "$6\r\n\r\n", Bytes.Text(writer.WrittenSpan));
        Assert.Equal([4, writer.Length - 2], writer.Deferred.Select(body => body.Position));
    }

    [Fact]
    public void Insert_puts_bytes_before_what_was_written_from_a_position_on()
    {
        writer.BulkDeferred(5, "before");
        var position = writer.Length;
        writer.Integer(1);
        writer.BulkDeferred(6, "behind");

        writer.Insert(position, "+inserted\r\n"u8);

        Assert.Equal("$5\r\n\r\n+inserted\r\n:1\r\n$6\r\n\r\n", Bytes.Text(writer.WrittenSpan));
        Assert.Equal([4, writer.Length - 2], writer.Deferred.Select(body => body.Position));
        Assert.Equal([0, writer.Length - "$6\r\n\r\n".Length], writer.Deferred.Select(body => body.Start));
    }

    [Fact]
    public void GetSpan_and_Advance_write_directly()
    {
        "abc"u8.CopyTo(writer.GetSpan(10_000));
        writer.Advance(3);

        Assert.Equal("abc", Bytes.Text(writer.WrittenSpan));
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.Advance(1 << 20));
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.GetSpan(-1));
    }

    [Fact]
    public void Writing_goes_on_after_the_buffer_was_returned()
    {
        writer.BulkDeferred(5, "x");
        writer.ReturnBuffer();
        Assert.Equal(0, writer.Length);
        Assert.Empty(writer.Deferred);

        writer.Ok();

        Assert.Equal("+OK\r\n", Bytes.Text(writer.WrittenSpan));
    }

    [Fact]
    public void GetSpan_throws_when_the_limit_of_buffered_bytes_is_reached()
    {
        writer.Ok();

        Assert.Throws<InvalidOperationException>(() => writer.GetSpan(RespLimits.ReplyBytesMax));
        Assert.Equal("+OK\r\n", Bytes.Text(writer.WrittenSpan));
    }

    private void Write(string reply)
    {
        switch (reply)
        {
            case "ok": writer.Ok(); break;
            case "simple": writer.SimpleString("a b\r\nc"u8); break;
            case "error": writer.Error("ERR a\r\nb"u8); break;
            case "error string": writer.Error("ERR \u00e9\nb"); break;
            case "integers": foreach (var i in (long[])[0, 9, 10, 99, 100, -1]) writer.Integer(i); break;
            case "long integers": foreach (var i in (long[])[long.MaxValue, long.MinValue]) writer.Integer(i); break;
            case "bulk": writer.Bulk([]); writer.Bulk("hello\r\nworld"u8); break;
            case "bulk integer": writer.BulkInteger(-12); break;
            case "bulk header": writer.BulkHeader(3); writer.Raw("abc"u8); writer.EndBulk(); break;
            case "null": writer.Null(); break;
            case "null array": writer.NullArray(); break;
            case "array": writer.ArrayHeader(0); writer.ArrayHeader(12); break;
            case "map": writer.MapHeader(2); break;
            case "set": writer.SetHeader(2); break;
            case "push": writer.PushHeader(3); break;
            case "double": writer.Double(1.5); writer.Double(double.PositiveInfinity); break;
            case "boolean": writer.Boolean(true); writer.Boolean(false); break;
            case "big number": writer.BigNumber("123"u8); break;
            case "verbatim": writer.Verbatim("txt"u8, "text"u8); break;
            case "raw": writer.Raw("abc"u8); break;
            default: throw new ArgumentException(reply, nameof(reply));
        }
    }
}
