namespace Hal.Cache.Conformance.Tests.Differential;

/// <summary>The forms of the commands over collections: few keys of all types, so that types meet.</summary>
internal static class CollectionForms
{
    /// <summary>The forms with their weights.</summary>
    public static IReadOnlyList<(int Weight, CommandTemplate Form)> All { get; } =
    [
        // Hashes.
        (8, new("HSET <ckey> {+ <member> <value> }")),
        (2, new("HSETNX <ckey> <member> <value>")),
        (3, new("HGET <ckey> <member>")),
        (2, new("HMGET <ckey> {+ <member> }")),
        (1, new("HMSET <ckey> {+ <member> <value> }")),
        (2, new("( HGETALL | HKEYS | HVALS ) <ckey>")),
        (3, new("HDEL <ckey> {+ <member> }")),
        (1, new("HLEN <ckey>")),
        (1, new("HEXISTS <ckey> <member>")),
        (1, new("HSTRLEN <ckey> <member>")),
        (2, new("HINCRBY <ckey> <member> <int>")),
        (2, new("HINCRBYFLOAT <ckey> <member> <float>")),
        (2, new("HRANDFIELD <ckey> [ <int> [ ( WITHVALUES | <word> ) ] ]")),
        (2, new("HSCAN <ckey> 0 COUNT 1000 { MATCH <pattern> }")),

        // Lists.
        (8, new("( LPUSH | RPUSH ) <ckey> {+ <member> }")),
        (2, new("( LPUSH | RPUSH ) <ckey> {+ <value> }")),
        (1, new("( LPUSHX | RPUSHX ) <ckey> {+ <member> }")),
        (3, new("( LPOP | RPOP ) <ckey> [ <int> ]")),
        (1, new("LLEN <ckey>")),
        (4, new("LRANGE <ckey> <index> <index>")),
        (2, new("LINDEX <ckey> <index>")),
        (3, new("LSET <ckey> <index> <value>")),
        (3, new("LINSERT <ckey> ( BEFORE | AFTER | <word> ) <member> <value>")),
        (3, new("LREM <ckey> <index> <member>")),
        (2, new("LTRIM <ckey> <index> <index>")),
        (3, new("LPOS <ckey> <member> { ( RANK <index> | COUNT <int> | MAXLEN <int> | <word> ) }")),
        (3, new("LMOVE <ckey> <ckey> ( LEFT | RIGHT | <word> ) ( LEFT | RIGHT )")),
        (1, new("RPOPLPUSH <ckey> <ckey>")),
        (2, new("LMPOP <numkeys> { <ckey> } ( LEFT | RIGHT | <word> ) [ COUNT <int> ]")),
        (2, new("LMPOP 2 <ckey> <ckey> ( LEFT | RIGHT ) [ COUNT <int> ]")),
        (1, new("( BLPOP | BRPOP ) {+ <ckey> } 0.001")),
        (1, new("BLMOVE <ckey> <ckey> ( LEFT | RIGHT ) ( LEFT | RIGHT ) 0.001")),
        (1, new("BRPOPLPUSH <ckey> <ckey> 0.001")),
        (1, new("BLMPOP 0.001 2 <ckey> <ckey> ( LEFT | RIGHT ) [ COUNT <int> ]")),
        (1, new("( BLPOP | BZPOPMIN ) <ckey> ( abc | -1 | nan )")),
        (4, new("( SORT | SORT_RO ) <ckey> { ( ALPHA | ASC | DESC | LIMIT <index> <index> | <word> ) }")),
        (3, new("SORT <ckey> { ( BY ( c* | c*->m1 ) | GET ( # | c* | c*->a | x ) | DESC | LIMIT 0 3 ) }")),
        (2, new("SORT <ckey> ALPHA { GET ( # | c* ) } STORE <ckey>")),

        // Sets.
        (6, new("SADD <ckey> {+ <member> }")),
        (2, new("SADD <ckey> {+ <int> }")),
        (3, new("SREM <ckey> {+ <member> }")),
        (1, new("SISMEMBER <ckey> <member>")),
        (1, new("SMISMEMBER <ckey> {+ <member> }")),
        (2, new("SMEMBERS <ckey>")),
        (1, new("SCARD <ckey>")),
        (1, new("SPOP <ckey> ( 0 | 100000 | -1 | abc )")),
        (2, new("SRANDMEMBER <ckey> [ <int> ]")),
        (2, new("SMOVE <ckey> <ckey> <member>")),
        (3, new("( SINTER | SUNION | SDIFF ) {+ <ckey> }")),
        (3, new("( SINTERSTORE | SUNIONSTORE | SDIFFSTORE ) <ckey> {+ <ckey> }")),
        (2, new("SINTERCARD <numkeys> {+ <ckey> } [ LIMIT <int> ]")),
        (2, new("SINTERCARD 2 <ckey> <ckey> [ LIMIT <int> ]")),
        (2, new("SSCAN <ckey> 0 COUNT 1000 { MATCH <pattern> }")),

        // Sorted sets.
        (8, new("ZADD <ckey> {+ <score> <member> }")),
        (4, new("ZADD <ckey> { ( NX | XX | GT | LT | CH | INCR | <word> ) } <score> <member>")),
        (2, new("ZINCRBY <ckey> <score> <member>")),
        (3, new("ZREM <ckey> {+ <member> }")),
        (2, new("ZSCORE <ckey> <member>")),
        (1, new("ZMSCORE <ckey> {+ <member> }")),
        (1, new("ZCARD <ckey>")),
        (2, new("ZCOUNT <ckey> <zmin> <zmin>")),
        (1, new("ZLEXCOUNT <lkey> <lex> <lex>")),
        (2, new("( ZRANK | ZREVRANK ) <ckey> <member>")),
        (3, new("ZRANGE <ckey> <index> <index> { ( WITHSCORES | REV ) }")),
        (3, new("ZRANGE <ckey> <zmin> <zmin> BYSCORE { ( WITHSCORES | REV | LIMIT <index> <index> ) }")),
        (2, new("ZRANGE <lkey> <lex> <lex> BYLEX { ( WITHSCORES | REV | LIMIT <index> <index> | <word> ) }")),
        (2, new("ZRANGESTORE <ckey> <ckey> <index> <index> { ( REV | LIMIT <index> <index> ) }")),
        (1, new("ZRANGESTORE <ckey> <ckey> <zmin> <zmin> BYSCORE { ( REV | LIMIT <index> <index> ) }")),
        (2, new("( ZRANGEBYSCORE | ZREVRANGEBYSCORE ) <ckey> <zmin> <zmin> { ( WITHSCORES | LIMIT <index> <index> | <word> ) }")),
        (1, new("( ZRANGEBYLEX | ZREVRANGEBYLEX ) <lkey> <lex> <lex> { ( LIMIT <index> <index> | <word> ) }")),
        (1, new("ZREVRANGE <ckey> <index> <index> [ WITHSCORES ]")),
        (2, new("ZREMRANGEBYRANK <ckey> <index> <index>")),
        (1, new("ZREMRANGEBYSCORE <ckey> <zmin> <zmin>")),
        (1, new("ZREMRANGEBYLEX <lkey> <lex> <lex>")),
        (2, new("( ZPOPMIN | ZPOPMAX ) <ckey> [ <int> ]")),
        (1, new("( BZPOPMIN | BZPOPMAX ) {+ <ckey> } 0.001")),
        (2, new("ZMPOP <numkeys> {+ <ckey> } ( MIN | MAX | <word> ) [ COUNT <int> ]")),
        (1, new("BZMPOP 0.001 2 <ckey> <ckey> ( MIN | MAX ) [ COUNT <int> ]")),
        (2, new("ZRANDMEMBER <ckey> [ <int> [ ( WITHSCORES | <word> ) ] ]")),
        (3, new("( ZUNION | ZINTER ) 2 <ckey> <ckey> { ( WEIGHTS <score> <score> | AGGREGATE ( SUM | MIN | MAX | <word> ) | "
            + "WITHSCORES ) }")),
        (2, new("( ZUNIONSTORE | ZINTERSTORE ) <ckey> 2 <ckey> <ckey> { ( WEIGHTS <score> <score> | AGGREGATE ( SUM | MIN | "
            + "MAX ) | WITHSCORES ) }")),
        (1, new("( ZUNION | ZINTER | ZDIFF ) <numkeys> {+ <ckey> } [ WITHSCORES ]")),
        (1, new("ZDIFF 2 <ckey> <ckey> [ WITHSCORES ]")),
        (1, new("ZDIFFSTORE <ckey> 2 <ckey> <ckey>")),
        (1, new("ZINTERCARD 2 <ckey> <ckey> [ LIMIT <int> ]")),
        (2, new("ZSCAN <ckey> 0 COUNT 1000 { MATCH <pattern> }")),
        (3, new("ZADD <lkey> {+ 0 <member> }")),
        (1, new("ZREM <lkey> <member>")),

        // Places.
        (6, new("GEOADD <ckey> {+ <lon> <lat> <member> }")),
        (2, new("GEOADD <ckey> { ( NX | XX | CH ) } <lon> <lat> <member>")),
        (2, new("GEOPOS <ckey> {+ <member> }")),
        (2, new("GEODIST <ckey> <member> <member> [ <unit> ]")),
        (2, new("GEOHASH <ckey> {+ <member> }")),
        (4, new("GEOSEARCH <ckey> ( FROMMEMBER <member> | FROMLONLAT <lon> <lat> ) ( BYRADIUS <radius> <unit> | BYBOX <radius> "
            + "<radius> <unit> ) { ( WITHDIST | WITHCOORD | WITHHASH | COUNT <int> | <word> ) }")),
        (2, new("GEOSEARCHSTORE <ckey> <ckey> ( FROMMEMBER <member> | FROMLONLAT <lon> <lat> ) ( BYRADIUS <radius> <unit> | "
            + "BYBOX <radius> <radius> <unit> ) { ( STOREDIST | COUNT <int> ) }")),
        (3, new("( GEORADIUS | GEORADIUS_RO ) <ckey> <lon> <lat> <radius> <unit> { ( WITHDIST | WITHCOORD | WITHHASH | COUNT "
            + "<int> [ ANY ] | STORE <ckey> | STOREDIST <ckey> ) }")),
        (2, new("( GEORADIUSBYMEMBER | GEORADIUSBYMEMBER_RO ) <ckey> <member> <radius> <unit> { ( WITHDIST | WITHCOORD | "
            + "WITHHASH | COUNT <int> | STORE <ckey> ) }")),

        // HyperLogLogs.
        (4, new("PFADD <hkey> { <member> }")),
        (2, new("PFADD <hkey> {+ <value> }")),
        (3, new("PFCOUNT {+ <hkey> }")),
        (2, new("PFMERGE <hkey> { <hkey> }")),
        (1, new("PFCOUNT <ckey>")),
        (1, new("STRLEN <hkey>")),

        // Any of them.
        (3, new("( TYPE | TTL | DEL | GET | MEMORY USAGE ) <ckey>")),
        (4, new("OBJECT ENCODING <ckey>")),
        (3, new("DUMP <ckey>")),
        (3, new("RESTORE <ckey> 0 <payload> [ REPLACE ]")),
        (3, new("( RENAME | RENAMENX ) <ckey> <ckey>")),
        (2, new("COPY <ckey> <ckey> [ REPLACE ]")),
        (2, new("SET <ckey> <int>")),
        (1, new("EXPIRE <ckey> <ttl>")),
        (1, new("( APPEND | GETSET ) <ckey> <value>")),
        (1, new("SCAN 0 TYPE ( list | set | zset | hash )")),
    ];
}
