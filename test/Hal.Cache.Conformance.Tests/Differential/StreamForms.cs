namespace Hal.Cache.Conformance.Tests.Differential;

/// <summary>The forms of the commands over streams. IDs are given, since those of a clock differ between two servers.</summary>
internal static class StreamForms
{
    /// <summary>The forms with their weights.</summary>
    public static IReadOnlyList<(int Weight, CommandTemplate Form)> All { get; } =
    [
        (12, new("XADD <skey> <newid> f <value>")),
        (6, new("XADD <skey> <newid> {+ <member> <value> }")),
        (2, new("XADD <skey> [ NOMKSTREAM ] ( MAXLEN | MINID ) [ ( = | ~ ) ] ( <int> | <sid> ) [ LIMIT <int> ] <newid> {+ <member> <value> }")),
        (2, new("XLEN <skey>")),
        (4, new("XRANGE <skey> <bound> <bound> [ COUNT <int> ]")),
        (4, new("XREVRANGE <skey> <bound> <bound> [ COUNT <int> ]")),
        (3, new("XDEL <skey> {+ <sid> }")),
        (2, new("XTRIM <skey> MAXLEN [ ( = | ~ ) ] <int> [ LIMIT <int> ]")),
        (1, new("XTRIM <skey> MINID [ ( = | ~ ) ] <sid> [ LIMIT <int> ]")),
        (1, new("XSETID <skey> <sid> [ ENTRIESADDED <int> ] [ MAXDELETEDID <sid> ]")),
        (4, new("XREAD [ COUNT <int> ] STREAMS <skey> <sid>")),
        (2, new("XREAD [ COUNT <int> ] [ BLOCK 1 ] STREAMS <skey> <skey> <sid> <sid>")),
        (1, new("XREAD ( COUNT | NOACK | <word> ) <int> STREAMS <skey> <sid>")),
        (1, new("XREAD BLOCK ( 1 | -1 | abc ) STREAMS <skey> <sid>")),
        (5, new("XGROUP CREATE <skey> <group> ( $ | 0 | <sid> ) [ MKSTREAM ] [ ENTRIESREAD <int> ]")),
        (2, new("XGROUP SETID <skey> <group> ( $ | 0 | <sid> ) [ ENTRIESREAD <int> ]")),
        (1, new("XGROUP DESTROY <skey> <group>")),
        (2, new("XGROUP CREATECONSUMER <skey> <group> <consumer>")),
        (1, new("XGROUP DELCONSUMER <skey> <group> <consumer>")),
        (6, new("XREADGROUP GROUP <group> <consumer> [ COUNT <int> ] [ NOACK ] STREAMS <skey> ( > | 0 | <sid> )")),
        (2, new("XREADGROUP GROUP <group> <consumer> [ BLOCK 1 ] STREAMS <skey> <skey> > ( > | 0 )")),
        (3, new("XACK <skey> <group> {+ <sid> }")),
        (2, new("XPENDING <skey> <group>")),
        (2, new("XPENDING <skey> <group> [ IDLE ( 0 | 100000000 ) ] <bound> <bound> <int> [ <consumer> ]")),
        (4, new("XCLAIM <skey> <group> <consumer> ( 0 | 100000000 | <word> ) {+ <sid> } { ( FORCE | JUSTID | RETRYCOUNT <int> | LASTID <sid> | <word> ) }")),
        (3, new("XAUTOCLAIM <skey> <group> <consumer> ( 0 | 100000000 ) <bound> [ COUNT <int> ] [ JUSTID ]")),
        (3, new("XINFO STREAM <skey>")),
        (3, new("XINFO GROUPS <skey>")),
        (2, new("( TYPE | OBJECT ENCODING | DUMP ) <skey>")),
        (1, new("( COPY | RENAME | RENAMENX ) <skey> <skey>")),
        (1, new("DEL <skey>")),
        (1, new("RESTORE <skey> 0 <payload> [ REPLACE ]")),
    ];
}
