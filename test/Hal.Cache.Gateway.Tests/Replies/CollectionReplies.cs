namespace Hal.Cache.Gateway.Tests.Replies;

/// <summary>Requests about collections with the exact replies of Redis 7.2, line ends as "|": RESP2, then RESP3 where it differs.</summary>
internal static class CollectionReplies
{
    public static readonly (string Script, string Resp2, string? Resp3)[] Rows =
    [
        ("RPUSH l 3 1 2; SORT l BY nosort", ":3|*3|$1|3|$1|1|$1|2", null),
        ("RPUSH l 3 1 2; SORT l BY nosort DESC", ":3|*3|$1|2|$1|1|$1|3", null),
        ("RPUSH l 3 1 2; SORT l BY nosort DESC LIMIT 1 1", ":3|*1|$1|1", null),
        ("RPUSH l 3 1 2; SORT l BY nosort LIMIT 1 5 GET #", ":3|*2|$1|1|$1|2", null),
        ("ZADD z 3 a 2 c 1 b; SORT z BY nosort DESC", ":3|*3|$1|a|$1|c|$1|b", null),
        ("RPUSH l 3 1 2; SORT l BY nosort DESC STORE m; LRANGE m 0 -1", ":3|:3|*3|$1|2|$1|1|$1|3", null),
        ("ZADD a inf x; ZADD b inf x; ZINTERSTORE r 2 a b WEIGHTS 1 0; ZSCORE r x", ":1|:1|:1|$1|0", ":1|:1|:1|,0"),
        ("ZADD a inf x; ZADD b inf x; ZUNIONSTORE r 2 a b WEIGHTS 1 0; ZSCORE r x", ":1|:1|:1|$3|inf", ":1|:1|:1|,inf"),
        ("ZADD a inf x; ZADD b -inf x; ZUNION 2 a b WITHSCORES", ":1|:1|*2|$1|x|$1|0", ":1|:1|*1|*2|$1|x|,0"),
        ("ZADD a inf x; ZADD b inf x; ZINTER 2 a b WEIGHTS 1 0 AGGREGATE MIN WITHSCORES", ":1|:1|*2|$1|x|$3|inf", ":1|:1|*1|*2|$1|x|,inf"),
    ];
}
