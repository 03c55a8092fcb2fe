using System.Text;
using Hal.Cache.Testing.Clients;

namespace Hal.Cache.Conformance.Tests.Differential;

/// <summary>Where the silo, which follows Redis 7.2, is right to answer otherwise than the redis-server 7.0.15 at its side.</summary>
internal static class KnownDifferences
{
    private static readonly (string Command, Func<RespTestReply, RespTestReply, bool> Applies, string Reason)[] Table =
    [
        ("COMMAND HELP", BothLists, "help texts are our own"),
        ("OBJECT HELP", BothLists, "help texts are our own"),
        ("SLOWLOG HELP", BothLists, "help texts are our own"),
        ("LATENCY HELP", BothLists, "help texts are our own"),
        ("MEMORY HELP", BothLists, "help texts are our own"),
        ("CONFIG HELP", BothLists, "help texts are our own"),
        ("DEBUG HELP", BothLists, "help texts are our own"),
        ("COMMAND COUNT", (subject, model) => !IsError(subject), "7.2 has commands that 7.0.15 lacks, and some are our own"),
        ("SLOWLOG GET", BothLists, "how long a command ran is chance"),
        ("SLOWLOG LEN", (subject, model) => !IsError(subject), "how long a command ran is chance"),
        ("LATENCY DOCTOR", BothTexts, "the text is our own"),
        ("MEMORY DOCTOR", BothTexts, "the text is our own"),
        ("LOLWUT", BothTexts, "the text is our own"),
        ("COMMAND GETKEYS", (subject, model) => IsError(subject) && IsError(model), "7.2 takes a command without arguments"),
        ("COMMAND GETKEYSANDFLAGS", (subject, model) => IsError(subject) && IsError(model), "7.2 takes a command without arguments"),
        ("CONFIG SET", (subject, model) => IsError(subject), "limits of memory are the operator's, by a setting and a restart"),
        ("BLPOP", TooFar, "7.2 says of a timeout that it is too far"),
        ("BRPOP", TooFar, "7.2 says of a timeout that it is too far"),
        ("BLMOVE", TooFar, "7.2 says of a timeout that it is too far"),
        ("BRPOPLPUSH", TooFar, "7.2 says of a timeout that it is too far"),
        ("BLMPOP", TooFar, "7.2 says of a timeout that it is too far"),
        ("BZPOPMIN", TooFar, "7.2 says of a timeout that it is too far"),
        ("BZPOPMAX", TooFar, "7.2 says of a timeout that it is too far"),
        ("BZMPOP", TooFar, "7.2 says of a timeout that it is too far"),
        ("ZRANK", (subject, model) => IsError(model), "7.2 added WITHSCORE"),
        ("ZREVRANK", (subject, model) => IsError(model), "7.2 added WITHSCORE"),
        ("LPOS", (subject, model) => subject.Text.StartsWith("ERR value is out of range", StringComparison.Ordinal), "7.2 checks the range of RANK"),
        ("SORT", LeftErrno, "7.0.15 takes the errno that an earlier command left (ZADD of 1e400) for its own"),
        ("SORT_RO", LeftErrno, "7.0.15 takes the errno that an earlier command left (ZADD of 1e400) for its own"),
        ("OBJECT ENCODING", (subject, model) => subject.Text == "listpack" && model.Text == "skiplist", "SORT, which reads, makes Redis hold the sorted set as a skiplist"),
        ("OBJECT ENCODING", (subject, model) => subject.Text == "listpack" && model.Text is "quicklist" or "hashtable", "7.2 has compact lists and sets"),
        ("XREAD", (subject, model) => Unbalanced(model), "7.2 names the command and the ID"),
        ("XREADGROUP", (subject, model) => Unbalanced(model), "7.2 names the command and the ID"),
        ("XSETID", (subject, model) => subject.Text.Contains("current max_deleted_entry_id", StringComparison.Ordinal), "7.2 refuses IDs below deleted ones"),
        ("XGROUP HELP", BothLists, "7.2 says it otherwise"),
        ("XINFO HELP", BothLists, "7.2 says it otherwise"),
        ("HSCAN", HasCursor, "cursors are the server's own"),
        ("SSCAN", HasCursor, "cursors are the server's own"),
        ("ZSCAN", HasCursor, "cursors are the server's own"),
        ("ACL HELP", BothLists, "help texts are our own"),
        ("ACL CAT", BothLists, "7.2 has commands that 7.0.15 lacks, and some are our own"),
        ("CLIENT HELP", (subject, model) => BothLists(subject, model), "7.2 added NO-TOUCH and SETINFO to the list"),
    ];

    /// <summary>The reason why this difference is right, or null.</summary>
    public static string? Reason(IReadOnlyList<byte[]> command, RespTestReply subject, RespTestReply model)
    {
        var text = string.Join(' ', command.Take(2).Select(Encoding.Latin1.GetString)).ToUpperInvariant();
        foreach (var (name, applies, reason) in Table)
        {
            if ((text == name || text.StartsWith(name + " ", StringComparison.Ordinal)) && applies(subject, model)) return reason;
        }

        return null;
    }

    private static bool TooFar(RespTestReply subject, RespTestReply model) =>
        subject.Text.Contains("timeout is out of range", StringComparison.Ordinal) && model.Text.Contains("timeout is negative", StringComparison.Ordinal);

    private static bool Unbalanced(RespTestReply model) => model.Text.Contains("Unbalanced", StringComparison.Ordinal);

    private static bool HasCursor(RespTestReply subject, RespTestReply model) =>
        subject.Items is { Count: 2 } got && model.Items is { Count: 2 } wanted && (got[0].Text != "0" || wanted[0].Text != "0");

    private static bool BothTexts(RespTestReply subject, RespTestReply model) => subject.Items is null && model.Items is null && !IsError(subject);

    private static bool IsError(RespTestReply reply) => reply.ToString().StartsWith('-');

    private static bool BothLists(RespTestReply subject, RespTestReply model) => subject.Items is not null && model.Items is not null;

    private static bool LeftErrno(RespTestReply subject, RespTestReply model) =>
        !IsError(subject) && IsError(model) && model.Text.Contains("converted into double", StringComparison.Ordinal);
}
