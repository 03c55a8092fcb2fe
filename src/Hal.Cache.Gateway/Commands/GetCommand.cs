using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node;

namespace Hal.Cache.Gateway.Commands;

/// <summary>GET, the pattern for all commands.</summary>
internal static class GetCommand
{
    public static readonly CommandSpec[] Specs =
    [
        new("get", 2, CommandFlags.ReadOnly | CommandFlags.Fast, KeySpec.One, Get)
        {
            Group = "string", Summary = "Returns the string value of a key.",
        },
    ];

    private static Outcome Get(CommandContext c)
    {
        if (!c.TryFind(1, Need.Value, out EntryRef entry)) return Outcome.Retry;
        if (entry.IsNone) c.Reply.Null();
        else if (entry.Type != BlobType.String) return c.WrongType();
        else c.ReplyValue(entry);
        return Outcome.Done;
    }
}
