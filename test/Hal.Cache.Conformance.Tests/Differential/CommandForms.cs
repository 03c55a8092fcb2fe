namespace Hal.Cache.Conformance.Tests.Differential;

/// <summary>The forms of all commands of this step, as data: a weight, then the form (<see cref="CommandTemplate"/>).</summary>
internal static class CommandForms
{
    /// <summary>The forms; a form of weight 4 is drawn four times as often as one of weight 1.</summary>
    public static IReadOnlyList<(int Weight, CommandTemplate Form)> All { get; } =
    [
        // Strings.
        (8, new("GET <key>")),
        (10, new("SET <key> <value>")),
        (8, new("SET <key> <value> { ( NX | XX | GET | KEEPTTL | EX <ttl> | PX <ttlms> | EXAT <at> | PXAT <atms> ) }")),
        (2, new("SETNX <key> <value>")),
        (2, new("SETEX <key> <ttl> <value>")),
        (2, new("PSETEX <key> <ttlms> <value>")),
        (2, new("GETSET <key> <value>")),
        (2, new("GETDEL <key>")),
        (4, new("GETEX <key> { ( PERSIST | EX <ttl> | PX <ttlms> | EXAT <at> | PXAT <atms> ) }")),
        (2, new("MGET {+ <key> }")),
        (2, new("MSET {+ <key> <value> }")),
        (2, new("MSETNX {+ <key> <value> }")),
        (2, new("STRLEN <key>")),
        (3, new("APPEND <key> <value>")),
        (4, new("GETRANGE <key> <index> <index>")),
        (1, new("SUBSTR <key> <index> <index>")),
        (4, new("SETRANGE <key> <offset> <value>")),
        (4, new("( INCR | DECR ) <key>")),
        (4, new("( INCRBY | DECRBY ) <key> <int>")),
        (4, new("INCRBYFLOAT <key> <float>")),
        (3, new("LCS <key> <key> { ( LEN | IDX | MINMATCHLEN <int> | WITHMATCHLEN ) }")),

        // Bitmaps.
        (3, new("GETBIT <key> <bitoffset>")),
        (3, new("SETBIT <key> <bitoffset> <bit>")),
        (3, new("BITCOUNT <key> [ <index> <index> [ ( BYTE | BIT | <word> ) ] ]")),
        (3, new("BITPOS <key> <bit> [ <index> [ <index> [ ( BYTE | BIT | <word> ) ] ] ]")),
        (3, new("BITOP ( AND | OR | XOR | NOT | <word> ) <key> {+ <key> }")),
        (1, new("BITOP NOT <key> <key>")),
        (5, new("BITFIELD <key> { ( GET <fieldtype> <fieldoffset> | SET <fieldtype> <fieldoffset> <int> | INCRBY <fieldtype> <fieldoffset> <int> "
                + "| OVERFLOW ( WRAP | SAT | FAIL | <word> ) ) }")),
        (2, new("BITFIELD_RO <key> { GET <fieldtype> <fieldoffset> }")),
        (1, new("BITFIELD_RO <key> ( SET <fieldtype> <fieldoffset> <int> | INCRBY u8 0 1 | OVERFLOW WRAP GET u8 0 )")),

        // Keys.
        (3, new("( DEL | UNLINK ) {+ <key> }")),
        (2, new("( EXISTS | TOUCH ) {+ <key> }")),
        (2, new("TYPE <key>")),
        (4, new("( TTL | PTTL | EXPIRETIME | PEXPIRETIME ) <key>")),
        (4, new("EXPIRE <key> <ttl> { ( NX | XX | GT | LT ) }")),
        (2, new("PEXPIRE <key> <ttlms> { ( NX | XX | GT | LT ) }")),
        (4, new("EXPIREAT <key> <at> { ( NX | XX | GT | LT ) }")),
        (2, new("PEXPIREAT <key> <atms> { ( NX | XX | GT | LT ) }")),
        (2, new("PERSIST <key>")),
        (2, new("KEYS <pattern>")),
        (2, new("SCAN 0 { ( MATCH <pattern> | COUNT <int> | TYPE ( string | list | hash ) | <word> ) }")),
        (1, new("SCAN <word>")),
        (1, new("RANDOMKEY")),
        (3, new("( RENAME | RENAMENX ) <key> <key>")),
        (3, new("COPY <key> <key> { ( DB <db> | REPLACE ) }")),
        (2, new("MOVE <key> <db>")),
        (2, new("OBJECT ( ENCODING | REFCOUNT | IDLETIME | FREQ ) <key>")),
        (4, new("DUMP <key>")),
        (5, new("RESTORE <key> ( 0 | <ttlms> ) <payload> { ( REPLACE | IDLETIME <int> | FREQ ( 0 | 5 | 255 | 256 | -1 | abc ) ) }")),
        (2, new("RESTORE <key> <atms> <payload> REPLACE ABSTTL")),
        (1, new("SWAPDB <db> <db>")),

        // Server and connection.
        (4, new("SELECT <db>")),
        (2, new("DBSIZE")),
        (1, new("( FLUSHDB | FLUSHALL ) [ ( ASYNC | SYNC | <word> ) ]")),
        (1, new("ECHO <value>")),
        (1, new("PING [ <value> ]")),
        (1, new("TIME")),
        (1, new("LASTSAVE")),
        (1, new("ROLE")),
        (1, new("WAIT 0 ( 0 | 1 )")),
        (1, new("WAIT ( abc | -1 ) ( 0 | -1 | abc )")),
        (1, new("MEMORY ( USAGE <key> [ SAMPLES ( 0 | 5 | -1 | abc ) ] | DOCTOR | PURGE | <word> )")),
        (1, new("SLOWLOG ( RESET | LEN | GET [ <int> ] | <word> )")),
        (1, new("LATENCY ( RESET | LATEST | HISTORY command | DOCTOR | <word> )")),
        (1, new("CONFIG ( RESETSTAT | GET nosuchsetting | SET nosuchsetting 1 | SET maxmemory abc | GET | SET | <word> )")),
        (1, new("COMMAND ( GETKEYS ( GET k0 | MSET k0 1 k1 2 | SET k0 v EX 1 | BITOP AND k0 k1 k2 | COPY k0 k1 | PING | NOSUCH a | GET ) "
                + "| INFO nosuchcommand | <word> )")),
        (1, new("CLIENT ( ID | GETNAME | SETNAME ( <word> | <key> ) | NO-EVICT ( ON | OFF | <word> ) | REPLY <word> | GETREDIR | TRACKINGINFO "
                + "| TRACKING <word> | CACHING YES | UNPAUSE | KILL 1.2.3.4:5 | KILL ID 999999999 | KILL ( ID abc | TYPE foo | <word> ) | PAUSE abc "
                + "| UNBLOCK 999999999 | <word> )")),
        (1, new("HELLO ( 1 | 4 | abc | 2 SETNAME | 3 AUTH | 2 <word> )")),
        (1, new("AUTH <word> [ <word> ]")),
        (1, new("DEBUG ( SLEEP 0 | <word> )")),
        (1, new("LOLWUT [ VERSION ( 5 | 6 | abc ) ]")),
        (1, new("INFO [ ( server | keyspace | all | everything | <word> ) ]")),
        (1, new("( OBJECT | MEMORY | CONFIG | COMMAND | CLIENT | SLOWLOG | LATENCY ) HELP")),
        (1, new("NOSUCHCOMMAND { <word> }")),

        .. CollectionForms.All,
    ];
}
