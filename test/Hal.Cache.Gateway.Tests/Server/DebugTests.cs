using Hal.Cache.Contracts.Origins;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Tests.Clients;
using Hal.Cache.Gateway.Tests.Commands;
using Hal.Cache.Testing.Origins;

namespace Hal.Cache.Gateway.Tests.Server;

/// <summary>What suites ask of DEBUG and PFDEBUG. Each row runs a script, see <see cref="ServerHost.RunAsync"/>.</summary>
public sealed class DebugTests
{
    private const string NotPositive = "-ERR value is out of range, must be positive";
    private const string NotMemory = "-ERR argument must be a memory value bigger than 1 and smaller than 4gb";
    private const string NotInMulti = "-ERR Command not allowed inside a transaction|-EXECABORT Transaction discarded because of previous errors.";
    private const string NotInScript = "-ERR This Redis command is not allowed from script";
    private const string Populate = "-ERR unknown subcommand or wrong number of arguments for 'POPULATE'. Try DEBUG HELP.";

    [Fact]
    public async Task POPULATE_reads_no_keys_that_anybody_counts_or_is_told_of()
    {
        await using var host = new ServerHost();

        string told = await host.RunAsync("b>CONFIG SET notify-keyspace-events Em; a>PSUBSCRIBE *; b>DEBUG POPULATE 2");

        Assert.Equal("*3|$10|psubscribe|$1|*|:1", told);
        Assert.Contains("keyspace_hits:0\r\nkeyspace_misses:0\r\n", await host["b"].RunAsync(["INFO", "stats"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task POPULATE_makes_nothing_under_an_origin_and_does_not_ask_it()
    {
        var origin = new CountingOrigin(new MemoryOrigin());
        await using var host = new ConnectionHost(origin: new OriginMount("o/"u8.ToArray(), origin, Freshness.Immutable));

        await host.SendAsync(ConnectionHost.Request("DEBUG", "POPULATE", "2", "o/k") + ConnectionHost.Request("DBSIZE") + ConnectionHost.Request("QUIT"));

        Assert.Equal("-ERR key is under the read-only origin prefix 'o/'\r\n:0\r\n+OK\r\n", await host.ReceiveAllAsync());
        Assert.Equal((0, 0), (origin.Stats, origin.Opens));
    }

    [Fact]
    public async Task POPULATE_ends_with_the_connection_of_who_asked_for_it()
    {
        var policy = new CallingPolicy();
        await using var host = new ServerHost(policy);
        policy.Added = host["a"].Session.Abort;

        await host["a"].RunAsync(["DEBUG", "POPULATE", "5000"]);

        Assert.InRange(host.Store.Count(0), 1, 1000);
    }

    [Theory]
    [InlineData("POPULATE", "1")]
    [InlineData("DIGEST-VALUE", "a")]
    public async Task A_key_that_is_too_long_is_an_error(string subcommand, string before)
    {
        await using var host = new ServerHost();

        Assert.Equal($"-ERR key is longer than {BlobKey.BytesMax} bytes\r\n", await host["a"].RunAsync(["DEBUG", subcommand, before, new string('k', BlobKey.BytesMax + 1)]));
    }

    [Fact]
    public async Task CHANGE_REPL_ID_gives_another_replication_ID()
    {
        await using var host = new ServerHost();
        string before = await host["a"].RunAsync(["INFO", "replication"]);

        await host["a"].RunAsync(["DEBUG", "CHANGE-REPL-ID"]);

        Assert.NotEqual(before, await host["a"].RunAsync(["INFO", "replication"]));
    }

    [Theory]
    [InlineData("DEBUG PROTOCOL string", "$11|Hello World", null)]
    [InlineData("DEBUG PROTOCOL double", "$5|3.141", ",3.141")]
    [InlineData("DEBUG PROTOCOL bignum", "$37|1234567999999999999999999999999999999", "(1234567999999999999999999999999999999")]
    [InlineData("DEBUG PROTOCOL map", "*6|:0|:0|:1|:1|:2|:0", "%3|:0|#f|:1|#t|:2|#f")]
    [InlineData("DEBUG PROTOCOL set", "*3|:0|:1|:2", "~3|:0|:1|:2")]
    [InlineData("DEBUG PROTOCOL push", "-ERR RESP2 is not supported by this command", ">2|$16|server-cpu-usage|:42|$40|Some real reply following the push reply")]
    [InlineData("DEBUG PROTOCOL attrib", "$39|Some real reply following the attribute", "|1|$14|key-popularity|*2|$7|key:123|:90|$39|Some real reply following the attribute")]
    [InlineData("DEBUG PROTOCOL verbatim", "$25|This is a verbatim\nstring", "=29|txt:This is a verbatim\nstring")]
    [InlineData("DEBUG PROTOCOL x", "-ERR Wrong protocol type name. Please use one of the following: string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false", null)]
    [InlineData("DEBUG RELOAD NOSAVE NOFLUSH MERGE; DEBUG RELOAD x", "+OK|-ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.", null)]
    [InlineData("PFADD h a; PFDEBUG ENCODING h; PFDEBUG TODENSE h; PFDEBUG TODENSE h; PFDEBUG ENCODING h; PFCOUNT h", ":1|+sparse|:1|:0|+dense|:1", null)]
    [InlineData("PFADD h a; PFDEBUG DECODE h; PFDEBUG X h; PFDEBUG X nosuch", ":1|$20|Z:12711 v:2,1 Z:3672|-ERR Unknown PFDEBUG subcommand 'X'|-ERR The specified key does not exist", null)]
    [InlineData("PFSELFTEST", "+OK", null)]
    [InlineData("PFADD h a; GETRANGE h 8 15; PFCOUNT h; GETRANGE h 8 15; PFADD h b; PFCOUNT h nosuch; GETRANGE h 15 15", ":1|$8|\0\0\0\0\0\0\0\x80|:1|$8|\x01\0\0\0\0\0\0\0|:1|:2|$1|\x80", null)]
    [InlineData("DEBUG SLEEP 0x; DEBUG SLEEP -1; DEBUG SLEEP x; DEBUG SLEEP 99999999", "+OK|+OK|+OK|-ERR value is not a valid float", null)]
    [InlineData("DEBUG SET-DISABLE-DENY-SCRIPTS 1; EVAL redis.setresp(3)return(redis.call('debug','protocol','attrib')) 0", "+OK|$39|Some real reply following the attribute", null)]
    [InlineData("DEBUG POPULATE 3; DEBUG POPULATE 2 p 9; DEBUG POPULATE 1 c 3; GET key:2; GET p:1; GET c:0; DBSIZE", "+OK|+OK|+OK|$7|value:2|$9|value:1\0\0|$3|val|:6", null)]
    [InlineData("SET key:0 mine; DEBUG POPULATE 2; MGET key:0 key:1", "+OK|+OK|*2|$4|mine|$7|value:1", null)]
    [InlineData("DEBUG POPULATE x; DEBUG POPULATE -1; DEBUG POPULATE 1 a b; DEBUG POPULATE; DEBUG POPULATE 1 a 1 1", NotPositive + "|" + NotPositive + "|" + NotPositive + "|" + Populate + "|" + Populate, null)]
    [InlineData("DEBUG POPULATE 2; DEBUG DIGEST-VALUE key:1", "+OK|*1|+ec4b7bec343ec862c8bd5dd8feab05ec1e9e6703", null)]
    [InlineData("MULTI; SET a 1; DEBUG POPULATE 1000; EXEC", "+OK|+QUEUED|" + NotInMulti, null)]
    [InlineData("WATCH k; MULTI; DEBUG DIGEST; EXEC", "+OK|+OK|" + NotInMulti, null)]
    [InlineData("MULTI; SET a 1; DEBUG DIGEST-VALUE a; EXEC", "+OK|+QUEUED|" + NotInMulti, null)]
    [InlineData("DEBUG SET-DISABLE-DENY-SCRIPTS 1; EVAL redis.call('set','a','1')return(redis.pcall('debug','populate','5')) 0; EVAL return(redis.pcall('debug','digest')) 0",
        "+OK|" + NotInScript + "|" + NotInScript, null)]
    [InlineData("DEBUG DIGEST; DEBUG DIGEST-VALUE nosuch; DEBUG DIGEST-VALUE", "+0000000000000000000000000000000000000000|*1|+0000000000000000000000000000000000000000|*0", null)]
    [InlineData("DEBUG DIGEST x", "-ERR unknown subcommand or wrong number of arguments for 'DIGEST'. Try DEBUG HELP.", null)]
    [InlineData("DEBUG QUICKLIST-PACKED-THRESHOLD 1kb; DEBUG QUICKLIST-PACKED-THRESHOLD 0; DEBUG QUICKLIST-PACKED-THRESHOLD 4095mb", "+OK|+OK|+OK", null)]
    [InlineData("DEBUG QUICKLIST-PACKED-THRESHOLD 4293918721; DEBUG QUICKLIST-PACKED-THRESHOLD x", NotMemory + "|" + NotMemory, null)]
    [InlineData("DEBUG SET-ACTIVE-EXPIRE 0; SET k v PX 1; DEBUG SET-ACTIVE-EXPIRE 1", "+OK|+OK|+OK", null)]
    public async Task Replies_are_those_of_redis(string script, string resp2, string? resp3)
    {
        foreach (int protocol in (int[])[2, 3])
        {
            await using var host = new ServerHost();

            string got = await host.RunAsync($"a>HELLO {protocol}; " + string.Join("; ", script.Split("; ").Select(command => "a>" + command)));

            Assert.Equal(protocol == 3 ? resp3 ?? resp2 : resp2, got);
        }
    }
}
