using System.Text;

namespace Hal.Cache.Resp.Tests;

public sealed class RespReplyScannerTests
{
    [Theory]
    [InlineData("+OK\r\n")]
    [InlineData("-ERR no\r\n")]
    [InlineData(":12\r\n")]
    [InlineData("$0\r\n\r\n")]
    [InlineData("$-1\r\n")]
    [InlineData("*-1\r\n")]
    [InlineData("*0\r\n")]
    [InlineData("$5\r\na\r\nbc\r\n")]
    [InlineData("*2\r\n*1\r\n:1\r\n$3\r\n*9\r\r\n")]
    [InlineData("%1\r\n+a\r\n~2\r\n,1.5\r\n#t\r\n")]
    [InlineData("|1\r\n+ttl\r\n:3\r\n$1\r\nx\r\n")]
    [InlineData("=7\r\ntxt:abc\r\n")]
    [InlineData("_\r\n")]
    public void A_reply_ends_where_it_ends_however_its_bytes_arrive(string reply)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(reply + "+next\r\n");
        for (int step = 1; step <= bytes.Length; step++)
        {
            var scanner = new RespReplyScanner();
            int taken = 0;
            while (!scanner.IsComplete)
                taken += scanner.Scan(bytes.AsSpan(taken, Math.Min(step, bytes.Length - taken)));

            Assert.Equal(reply.Length, taken);
            Assert.Equal((byte)reply[0], scanner.FirstKind);
        }
    }

    [Theory]
    [InlineData("?1\r\n")]
    [InlineData("$x\r\n")]
    [InlineData("*1\r\n\r\n")]
    public void What_is_no_reply_is_refused(string reply)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(reply + "\r\n");

        Assert.Throws<RespProtocolException>(() => new RespReplyScanner().Scan(bytes));
    }
}
