using System.Text;

namespace Hal.Cache.Conformance.Tests.Differential;

/// <summary>Commands whose replies cannot be compared byte for byte, and why.</summary>
internal static class ReplyRules
{
    private static readonly Dictionary<string, (ReplyRule Rule, string Reason)> Rules = new(StringComparer.OrdinalIgnoreCase)
    {
        ["TTL"] = (ReplyRule.Time, "the two servers are asked one after the other"),
        ["PTTL"] = (ReplyRule.Time, "the two servers are asked one after the other"),
        ["EXPIRETIME"] = (ReplyRule.Time, "relative expiries are set one after the other"),
        ["PEXPIRETIME"] = (ReplyRule.Time, "relative expiries are set one after the other"),
        ["KEYS"] = (ReplyRule.AnyOrder, "the order of keys is not promised"),
        ["SCAN"] = (ReplyRule.Shape, "cursors and order are the server's own; whole iterations are compared by KeyspaceComparison"),
        ["RANDOMKEY"] = (ReplyRule.Shape, "random"),
        ["TIME"] = (ReplyRule.Shape, "the clock"),
        ["LASTSAVE"] = (ReplyRule.Shape, "the clock"),
        ["LOLWUT"] = (ReplyRule.Shape, "a picture of the server's own"),
        ["INFO"] = (ReplyRule.Shape, "about the process"),
        ["ROLE"] = (ReplyRule.Shape, "the replication offset is the server's own"),
        ["OBJECT IDLETIME"] = (ReplyRule.Shape, "the clock"),
        ["OBJECT REFCOUNT"] = (ReplyRule.Shape, "shared objects are the server's own"),
        ["MEMORY USAGE"] = (ReplyRule.Shape, "about the process"),
        ["MEMORY DOCTOR"] = (ReplyRule.Shape, "about the process"),
        ["LATENCY DOCTOR"] = (ReplyRule.Shape, "about the process"),
        ["SLOWLOG GET"] = (ReplyRule.Shape, "the clock"),
        ["SLOWLOG LEN"] = (ReplyRule.Shape, "the clock"),
        ["CLIENT ID"] = (ReplyRule.Shape, "ids are the server's own"),
        ["ACL LOG"] = (ReplyRule.Shape, "times and addresses of clients"),
        ["ACL GENPASS"] = (ReplyRule.Shape, "random"),
        ["SMEMBERS"] = (ReplyRule.AnyOrder, "the order of a set is not promised"),
        ["SINTER"] = (ReplyRule.AnyOrder, "the order of a set is not promised"),
        ["SUNION"] = (ReplyRule.AnyOrder, "the order of a set is not promised"),
        ["SDIFF"] = (ReplyRule.AnyOrder, "the order of a set is not promised"),
        ["SPOP"] = (ReplyRule.AnyOrder, "all of a set"),
        ["HGETALL"] = (ReplyRule.AnyNumbers, "the order of a hash is not promised"),
        ["HKEYS"] = (ReplyRule.AnyOrder, "the order of a hash is not promised"),
        ["HVALS"] = (ReplyRule.AnyOrder, "the order of a hash is not promised"),
        ["HSCAN"] = (ReplyRule.AnyNumbers, "the order of a hash is not promised"),
        ["SSCAN"] = (ReplyRule.AnyNumbers, "the order of a set is not promised"),
        ["ZSCAN"] = (ReplyRule.AnyNumbers, "the order of a table is not promised"),
        ["HRANDFIELD"] = (ReplyRule.Shape, "random"),
        ["SRANDMEMBER"] = (ReplyRule.Shape, "random"),
        ["ZRANDMEMBER"] = (ReplyRule.Shape, "random"),
        ["ZADD"] = (ReplyRule.Numbers, "scores"),
        ["ZINCRBY"] = (ReplyRule.Numbers, "scores"),
        ["ZSCORE"] = (ReplyRule.Numbers, "scores"),
        ["ZMSCORE"] = (ReplyRule.Numbers, "scores"),
        ["ZRANGE"] = (ReplyRule.Numbers, "scores"),
        ["ZREVRANGE"] = (ReplyRule.Numbers, "scores"),
        ["ZRANGEBYSCORE"] = (ReplyRule.Numbers, "scores"),
        ["ZREVRANGEBYSCORE"] = (ReplyRule.Numbers, "scores"),
        ["ZPOPMIN"] = (ReplyRule.Numbers, "scores"),
        ["ZPOPMAX"] = (ReplyRule.Numbers, "scores"),
        ["BZPOPMIN"] = (ReplyRule.Numbers, "scores"),
        ["BZPOPMAX"] = (ReplyRule.Numbers, "scores"),
        ["ZMPOP"] = (ReplyRule.Numbers, "scores"),
        ["BZMPOP"] = (ReplyRule.Numbers, "scores"),
        ["ZUNION"] = (ReplyRule.Numbers, "scores"),
        ["ZINTER"] = (ReplyRule.Numbers, "scores"),
        ["ZDIFF"] = (ReplyRule.Numbers, "scores"),
        ["XPENDING"] = (ReplyRule.Idle, "idle times"),
        ["DUMP"] = (ReplyRule.Payload, "the footer names the server's RDB version"),
    };

    /// <summary>The rule of a command.</summary>
    public static ReplyRule For(IReadOnlyList<byte[]> command)
    {
        var name = Encoding.Latin1.GetString(command[0]);
        if (command.Count > 1 && Rules.TryGetValue($"{name} {Encoding.Latin1.GetString(command[1])}", out var sub)) return sub.Rule;
        return Rules.TryGetValue(name, out var found) ? found.Rule : ReplyRule.Exact;
    }
}
