namespace Hal.Cache.Gateway.Tests.Replies;

/// <summary>Requests about collections with the exact replies of Redis 7.2, line ends as "|": RESP2, then RESP3 where it differs.</summary>
internal static class CollectionReplies
{
    private const string Corrupt = "-INVALIDOBJ Corrupted HLL object detected";

    public static readonly (string Script, string Resp2, string? Resp3)[] Rows =
    [
        ("BLMPOP -1 1 l LEFT COUNT 0; BLMPOP x 1 l UP; BLMPOP -1 1 l LEFT", "-ERR count should be greater than 0|-ERR syntax error|-ERR timeout is negative", null),
        ("BZMPOP -1 1 z MIN COUNT 0; BZMPOP x 1 z UP; BZMPOP -1 1 z MIN", "-ERR count should be greater than 0|-ERR syntax error|-ERR timeout is negative", null),
        ("RPUSH l 3 1 2; SORT l BY nosort", ":3|*3|$1|3|$1|1|$1|2", null),
        ("RPUSH l 3 1 2; SORT l BY nosort DESC", ":3|*3|$1|2|$1|1|$1|3", null),
        ("RPUSH l 3 1 2; SORT l BY nosort DESC LIMIT 1 1", ":3|*1|$1|1", null),
        ("RPUSH l 3 1 2; SORT l BY nosort LIMIT 1 5 GET #", ":3|*2|$1|1|$1|2", null),
        ("ZADD z 3 a 2 c 1 b; SORT z BY nosort DESC", ":3|*3|$1|a|$1|c|$1|b", null),
        ("RPUSH l 3 1 2; SORT l BY nosort DESC STORE m; LRANGE m 0 -1", ":3|:3|*3|$1|2|$1|1|$1|3", null),
        ("RPUSH l a; WATCH l; LTRIM l 0 -1; MULTI; EXEC", ":1|+OK|+OK|+OK|*-1", ":1|+OK|+OK|+OK|_"),
        ("GEOADD z inf 10 m; GEOADD z -inf 10 m", "-ERR invalid longitude,latitude pair inf,10.000000|-ERR invalid longitude,latitude pair -inf,10.000000", null),
        ("GEORADIUS z 1 inf 1 m; GEOSEARCH z FROMLONLAT -inf 200.5 BYRADIUS 1 m",
            "-ERR invalid longitude,latitude pair 1.000000,inf|-ERR invalid longitude,latitude pair -inf,200.500000", null),
        ("PFADD l a b c; APPEND l WRAP; PFADD l a; PFADD l i64; PFCOUNT l; PFMERGE m l; PFADD l; STRLEN l", ":1|:31|:0|:1|" + Corrupt + "|" + Corrupt + "|:0|:34", null),
        ("PFADD l a; APPEND l WRAP; CONFIG SET hll-sparse-max-bytes 20; PFADD l i64; PFADD l a; CONFIG SET hll-sparse-max-bytes 3000", ":1|:25|+OK|" + Corrupt + "|:0|+OK", null),
        ("ZINCRBY z XX a", "-ERR syntax error", null),
        ("ZINCRBY z incr a", "-ERR syntax error", null),
        ("ZINCRBY z x a", "-ERR value is not a valid float", null),
        ("SET s 12; WATCH s; SETBIT s 0 0; MULTI; OBJECT ENCODING s; EXEC", "+OK|+OK|:0|+OK|+QUEUED|*1|$3|raw", null),
        ("SET s 12; WATCH s; SETBIT s 0 1; MULTI; EXEC", "+OK|+OK|:0|+OK|*-1", "+OK|+OK|:0|+OK|_"),
        ("RPUSH l a; WATCH l; LREM l 0 b; MULTI; EXEC", ":1|+OK|:0|+OK|*0", null),
        ("RPUSH l a; WATCH l; LSET l 0 a; MULTI; EXEC", ":1|+OK|+OK|+OK|*-1", ":1|+OK|+OK|+OK|_"),
        ("HSET h f v; WATCH h; HSET h f v; MULTI; EXEC", ":1|+OK|:0|+OK|*-1", ":1|+OK|:0|+OK|_"),
        ("ZADD z 1 a; WATCH z; ZADD z 1 a; MULTI; EXEC", ":1|+OK|:0|+OK|*0", null),
        ("SADD s a; WATCH s; SADD s a; MULTI; EXEC", ":1|+OK|:0|+OK|*0", null),
        ("ZADD a inf x; ZADD b inf x; ZINTERSTORE r 2 a b WEIGHTS 1 0; ZSCORE r x", ":1|:1|:1|$1|0", ":1|:1|:1|,0"),
        ("ZADD a inf x; ZADD b inf x; ZUNIONSTORE r 2 a b WEIGHTS 1 0; ZSCORE r x", ":1|:1|:1|$3|inf", ":1|:1|:1|,inf"),
        ("ZADD a inf x; ZADD b -inf x; ZUNION 2 a b WITHSCORES", ":1|:1|*2|$1|x|$1|0", ":1|:1|*1|*2|$1|x|,0"),
        ("ZADD a inf x; ZADD b inf x; ZINTER 2 a b WEIGHTS 1 0 AGGREGATE MIN WITHSCORES", ":1|:1|*2|$1|x|$3|inf", ":1|:1|*1|*2|$1|x|,inf"),
    ];
}
