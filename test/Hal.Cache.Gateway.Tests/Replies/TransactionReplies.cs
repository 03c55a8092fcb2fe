namespace Hal.Cache.Gateway.Tests.Replies;

/// <summary>Requests about transactions and channels with the exact replies of Redis 7.2, line ends as "|": RESP2, then RESP3 where it differs.</summary>
internal static class TransactionReplies
{
    public static readonly (string Script, string Resp2, string? Resp3)[] Rows =
    [
        ("MULTI; EXEC", "+OK|*0", null),
        ("EXEC", "-ERR EXEC without MULTI", null),
        ("DISCARD", "-ERR DISCARD without MULTI", null),
        ("MULTI; DISCARD", "+OK|+OK", null),
        ("MULTI; WATCH k; EXEC", "+OK|-ERR WATCH inside MULTI is not allowed|*0", null),
        ("WATCH k; UNWATCH", "+OK|+OK", null),
        ("WATCH", "-ERR wrong number of arguments for 'watch' command", null),
        ("EXEC x", "-EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command", null),
        ("MULTI; SET k v; GET k; EXEC", "+OK|+QUEUED|+QUEUED|*2|+OK|$1|v", null),
        ("MULTI; PING; ECHO a; SELECT 1; TIME x; EXEC",
            "+OK|+QUEUED|+QUEUED|+QUEUED|-ERR wrong number of arguments for 'time' command|-EXECABORT Transaction discarded because of previous errors.",
            null),
        ("MULTI; SET k v; INCR k; EXEC", "+OK|+QUEUED|+QUEUED|*2|+OK|-ERR value is not an integer or out of range", null),
        ("MULTI; NOSUCH; EXEC", "+OK|-ERR unknown command 'NOSUCH', with args beginning with: |-EXECABORT Transaction discarded because of previous errors.", null),
        ("MULTI; CONFIG GET timeout; CLIENT GETNAME; OBJECT ENCODING k; EXEC",
            "+OK|+QUEUED|+QUEUED|+QUEUED|*3|*2|$7|timeout|$1|0|$-1|$-1",
            "+OK|+QUEUED|+QUEUED|+QUEUED|*3|%1|$7|timeout|$1|0|_|_"),
        ("MULTI; FLUSHALL; DBSIZE; KEYS *; EXEC", "+OK|+QUEUED|+QUEUED|+QUEUED|*3|+OK|:0|*0", null),
        ("WATCH k; SET k v; MULTI; GET k; EXEC", "+OK|+OK|+OK|+QUEUED|*-1", "+OK|+OK|+OK|+QUEUED|_"),
        ("XADD s 1-1 f v; WATCH s; XGROUP CREATE s g 0; XGROUP CREATECONSUMER s g c; XGROUP SETID s g 1; XSETID s 5-5; XGROUP DELCONSUMER s g c; XGROUP DESTROY s g; MULTI; PING; EXEC",
            "$3|1-1|+OK|+OK|:1|+OK|+OK|:0|:1|+OK|+QUEUED|*1|+PONG", null),
        ("XADD s 1-1 f v; XGROUP CREATE s g 0; WATCH s; XREADGROUP GROUP g c STREAMS s >; XCLAIM s g d 0 1-1 JUSTID; XAUTOCLAIM s g e 0 0 JUSTID; XACK s g 1-1; MULTI; PING; EXEC",
            "$3|1-1|+OK|+OK|*1|*2|$1|s|*1|*2|$3|1-1|*2|$1|f|$1|v|*1|$3|1-1|*3|$3|0-0|*1|$3|1-1|*0|:1|+OK|+QUEUED|*1|+PONG",
            "$3|1-1|+OK|+OK|%1|$1|s|*1|*2|$3|1-1|*2|$1|f|$1|v|*1|$3|1-1|*3|$3|0-0|*1|$3|1-1|*0|:1|+OK|+QUEUED|*1|+PONG"),
        ("WATCH s; XGROUP CREATE s g $ MKSTREAM; MULTI; PING; EXEC", "+OK|+OK|+OK|+QUEUED|*-1", "+OK|+OK|+OK|+QUEUED|_"),
        ("XADD s 1-1 f v; WATCH s; XDEL s 1-1; MULTI; PING; EXEC", "$3|1-1|+OK|:1|+OK|+QUEUED|*-1", "$3|1-1|+OK|:1|+OK|+QUEUED|_"),
        ("XADD s 1-1 f v; WATCH s; XTRIM s MAXLEN 0; MULTI; PING; EXEC", "$3|1-1|+OK|:1|+OK|+QUEUED|*-1", "$3|1-1|+OK|:1|+OK|+QUEUED|_"),
        ("PUBLISH c m", ":0", null),
        ("PUBSUB CHANNELS", "*0", null),
        ("PUBSUB NUMSUB", "*0", null),
        ("PUBSUB NUMSUB a b", "*4|$1|a|:0|$1|b|:0", null),
        ("PUBSUB NUMPAT", ":0", null),
        ("PUBSUB NOSUCH", "-ERR unknown subcommand 'NOSUCH'. Try PUBSUB HELP.", null),
        ("PUBSUB SHARDNUMSUB a", "*2|$1|a|:0", null),
        ("SPUBLISH c m", ":0", null),
        ("UNSUBSCRIBE", "*3|$11|unsubscribe|$-1|:0", ">3|$11|unsubscribe|_|:0"),
        ("SUBSCRIBE a; UNSUBSCRIBE a; PING",
            "*3|$9|subscribe|$1|a|:1|*3|$11|unsubscribe|$1|a|:0|+PONG",
            ">3|$9|subscribe|$1|a|:1|>3|$11|unsubscribe|$1|a|:0|+PONG"),
        ("PSUBSCRIBE a*; PUNSUBSCRIBE", "*3|$10|psubscribe|$2|a*|:1|*3|$12|punsubscribe|$2|a*|:0", ">3|$10|psubscribe|$2|a*|:1|>3|$12|punsubscribe|$2|a*|:0"),
    ];
}
