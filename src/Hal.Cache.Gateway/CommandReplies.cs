using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Clients;

namespace Hal.Cache.Gateway;

/// <summary>Replies that many commands give.</summary>
internal static class CommandReplies
{
    /// <summary>Writes a string entry as a bulk string; a large one is streamed when the connection flushes.</summary>
    public static void ReplyValue(this CommandContext c, in EntryRef entry)
    {
        if (!entry.IsLarge) c.Reply.Bulk(entry.Value);
        else ReplyLarge(c, entry, 0, c.Store.Large(entry).Length, mayBeNewer: true);
    }

    /// <summary>Writes bytes of a string entry, both ends inclusive and within it, as a bulk string.</summary>
    public static void ReplyRange(this CommandContext c, in EntryRef entry, long start, long end)
    {
        if (!entry.IsLarge) c.Reply.Bulk(entry.Value.Slice((int)start, (int)(end - start + 1)));
        else ReplyLarge(c, entry, start, end - start + 1);
    }

    /// <summary>Writes +OK.</summary>
    public static Outcome Ok(this CommandContext c)
    {
        c.Reply.Ok();
        return Outcome.Done;
    }

    public static Outcome Error(this CommandContext c, CacheError error) => c.Error(RespErrors.Of(error));

    public static Outcome WrongType(this CommandContext c) => c.Error(RespErrors.WrongType);

    public static Outcome Syntax(this CommandContext c) => c.Error(RespErrors.Syntax);

    public static Outcome NotInteger(this CommandContext c) => c.Error(RespErrors.NotInteger);

    // DEBUG's subcommands are arguments in Redis, whose number it looks at itself.
    public static Outcome WrongArity(this CommandContext c) =>
        c.Error(c.Spec.Container?.Name == "debug" ? RespErrors.UnknownSubcommand("debug", c.Arg(1)) : RespErrors.WrongArity(c.Spec.FullName));

    public static Outcome InvalidExpiry(this CommandContext c) => c.Error(RespErrors.InvalidExpiry(c.Spec.FullName));

    private static void ReplyLarge(CommandContext c, in EntryRef entry, long start, long length, bool mayBeNewer = false)
    {
        if (length <= GatewayLimits.CopiedReplyBytesMax && TryReplyCopy(c, c.Store.Large(entry), start, (int)length)) return;
        var key = new BlobKey(c.Client.Database, entry.Key, c.Store.Hash(entry.Key));
        c.Reply.BulkDeferred(length, c.Keyspace.OpenReader(key, entry, start, length), mayBeNewer && IsPlainRead(c));
    }

    // One of several replies is of the same moment as the others; and a client that tracks the key has been told that this version is over, and of no newer one.
    private static bool IsPlainRead(CommandContext c) =>
        c.Reply.Length == c.ReplyStart && c.Spec.Has(CommandFlags.ReadOnly) && !c.IsInTransaction && (c.Client.Modes & ClientModes.Tracking) == 0;

    private static bool TryReplyCopy(CommandContext c, ILargeValue value, long start, int length)
    {
        int before = c.Reply.Length;
        c.Reply.BulkHeader(length);
        Span<byte> target = c.Reply.GetSpan(length)[..length];
        while (!target.IsEmpty)
        {
            int read = value.TryRead(start, target);
            if (read == 0)
            {
                c.Reply.Truncate(before);
                return false;
            }

            start += read;
            target = target[read..];
        }

        c.Reply.Advance(length);
        c.Reply.EndBulk();
        return true;
    }
}
