using System.Text;
using Hal.Cache.Gateway.Peers;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Tests.Peers;

public sealed class ReplyMergeTests
{
    [Theory]
    [InlineData(nameof(FanOut.Sum), ":42\r\n", ":40\r\n", ":2\r\n")]
    [InlineData(nameof(FanOut.Sum), "-ERR gone\r\n", ":40\r\n", "-ERR gone\r\n")]
    [InlineData(nameof(FanOut.Concat), "*3\r\n$1\r\na\r\n$2\r\nbc\r\n$1\r\nd\r\n", "*2\r\n$1\r\na\r\n$2\r\nbc\r\n", "*0\r\n", "*1\r\n$1\r\nd\r\n")]
    [InlineData(nameof(FanOut.All), "+OK\r\n", "+OK\r\n", "+OK\r\n")]
    [InlineData(nameof(FanOut.All), "-ERR first\r\n", "+OK\r\n", "-ERR first\r\n", "-ERR second\r\n")]
    [InlineData(nameof(FanOut.Any), "+OK\r\n", "-NOTBUSY no\r\n", "+OK\r\n")]
    [InlineData(nameof(FanOut.Any), "-NOTBUSY no\r\n", "-NOTBUSY no\r\n", "-NOTBUSY nor here\r\n")]
    [InlineData(nameof(FanOut.Chance), "$1\r\nk\r\n", "$-1\r\n", "$1\r\nk\r\n")]
    [InlineData(nameof(FanOut.Chance), "$1\r\nk\r\n", "-ERR gone\r\n", "$1\r\nk\r\n")]
    [InlineData(nameof(FanOut.Chance), "-ERR gone\r\n", "-ERR gone\r\n", "_\r\n")]
    [InlineData(nameof(FanOut.Chance), "_\r\n", "_\r\n", "_\r\n")]
    [InlineData(nameof(FanOut.Least), "*2\r\n:0\r\n:5\r\n", "*2\r\n:1\r\n:0\r\n", "*2\r\n:0\r\n:5\r\n")]
    public void One_reply_is_made_of_all(string kind, string expected, params string[] replies)
    {
        var merge = new ReplyMerge(Enum.Parse<FanOut>(kind));
        foreach (string reply in replies.TakeWhile(_ => !merge.IsDone))
            merge.Add(Encoding.ASCII.GetBytes(reply));
        using var writer = new RespWriter();

        bool isWhole = merge.WriteTo(writer);

        Assert.Equal(expected, Encoding.ASCII.GetString(writer.WrittenSpan));
        Assert.Equal(expected[0] != '-', isWhole);
    }
}
