using Hal.Cache.Contracts;

namespace Hal.Cache.Gateway.Tests;

public sealed class RespErrorsTests
{
    [Fact]
    public void Of_has_a_reply_when_it_is_given_any_code()
    {
        foreach (CacheErrorCode code in Enum.GetValues<CacheErrorCode>())
        {
            string reply = RespErrors.Of(new CacheError(code, "why"));

            Assert.Matches("^(OOM|ERR|MISCONF|TRYAGAIN) .+", reply);
        }
    }

    [Fact]
    public void A_text_of_ours_is_written_in_UTF_8_and_a_clients_bytes_as_they_are()
    {
        Assert.Equal("ERR caf\u00e9"u8.ToArray(), RespErrors.Bytes(RespErrors.Of(new CacheError(CacheErrorCode.Invalid, "caf\u00e9"))));
        Assert.Equal([0x78, 0xE9, 0xFF], RespErrors.Bytes(RespErrors.Cut([0x78, 0xE9, 0xFF])));
    }

    [Theory]
    [InlineData("CONFIG \u00ff", "ERR unknown subcommand '\u00ff'. Try CONFIG HELP.")]
    [InlineData("CONFIG SET \u00ff\u00fe 1", "ERR Unknown option or number of arguments for CONFIG SET - '\u00ff\u00fe'")]
    [InlineData("OBJECT \u00e9 k", "ERR unknown subcommand '\u00e9'. Try OBJECT HELP.")]
    [InlineData("DEBUG \u00ff", "ERR unknown subcommand or wrong number of arguments for '\u00ff'. Try DEBUG HELP.")]
    [InlineData("ACL CAT \u00ff", "ERR Unknown category '\u00ff'")]
    [InlineData("ACL SETUSER u \u00ff", "ERR Error in ACL SETUSER modifier '\u00ff': Syntax error")]
    [InlineData("HELLO 3 \u00ff", "ERR Syntax error in HELLO option '\u00ff'")]
    [InlineData("LATENCY GRAPH \u00ff", "ERR No samples available for event '\u00ff'")]
    [InlineData("CLIENT KILL USER \u00ff", "ERR No such user '\u00ff'")]
    [InlineData("EVAL error('\u00ff') 0", "ERR user_script:1: \u00ff script: c1cd34e7389b02c2b41d29b3eb1edfaf9bb1a8e9, on @user_script:1.")]
    public async Task An_error_echoes_a_clients_bytes_as_they_came(string command, string expected)
    {
        await using var host = new Server.ServerHost();

        string got = await host["a"].RunAsync(command.Split(' '));

        Assert.Equal(expected.Contains("script:", StringComparison.Ordinal) ? expected[..28] : $"-{expected}\r\n", expected.Contains("script:", StringComparison.Ordinal) ? got[1..29] : got);
    }
}
