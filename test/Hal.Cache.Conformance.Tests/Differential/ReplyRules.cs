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
        ["ACL GENPASS"] = (ReplyRule.Shape, "random"),
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
