using System.Buffers;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Strings;
using Hal.Cache.Node;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>Parts of strings.</summary>
internal static class RangeCommands
{
    public static readonly CommandSpec[] Specs =
    [
        new("strlen", 2, CommandFlags.ReadOnly | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RO), StrLen)
        {
            Group = "string", Since = "2.2.0", Complexity = "O(1)",
            Summary = "Gives the length of a string in bytes.",
        },
        new("append", 3, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RW | KeyFlags.Insert), Append)
        {
            Group = "string", Since = "2.0.0", Complexity = "O(N) for N bytes that are added",
            Summary = "Adds bytes to the end of a string.",
        },
        new("getrange", 4, CommandFlags.ReadOnly,
            KeySpec.One, GetRange)
        {
            Group = "string", Since = "2.4.0", Complexity = "O(N) for N bytes that are given",
            Summary = "Gives a part of a string.",
        },
        new("substr", 4, CommandFlags.ReadOnly,
            KeySpec.One, GetRange)
        {
            Group = "string", Since = "1.0.0", Complexity = "O(N) for N bytes that are given",
            Summary = "Gives a part of a string; the old name of GETRANGE.",
        },
        new("setrange", 4, CommandFlags.Write | CommandFlags.DenyOom,
            new(1, Flags: KeyFlags.RW | KeyFlags.Update), SetRange)
        {
            Group = "string", Since = "2.2.0", Complexity = "O(N) for N bytes that are written",
            Summary = "Writes bytes over a string from an offset on, which makes it longer where it ends before.",
        },
    ];

    private static Outcome StrLen(CommandContext c)
    {
        if (!c.TryFind(1, Need.Meta, out EntryRef entry)) return Outcome.Retry;
        if (!entry.IsNone && entry.Type != BlobType.String) return c.Error(RespErrors.WrongType);
        c.Reply.Integer(StringReads.Length(c.Store, entry));
        return Outcome.Done;
    }

    private static Outcome GetRange(CommandContext c)
    {
        if (!RedisInteger.TryParse(c.Arg(2), out long start) || !RedisInteger.TryParse(c.Arg(3), out long end))
            return c.Error(RespErrors.NotInteger);
        if (!c.TryFind(1, Need.Value, out EntryRef entry)) return Outcome.Retry;
        if (!entry.IsNone && entry.Type != BlobType.String) return c.Error(RespErrors.WrongType);

        long length = StringReads.Length(c.Store, entry);
        bool backwards = start < 0 && end < 0 && start > end;
        start = Math.Max(0, start < 0 ? length + start : start);
        end = Math.Min(length - 1, Math.Max(0, end < 0 ? length + end : end));
        if (backwards || start > end) c.Reply.Bulk(default);
        else c.ReplyRange(entry, start, end);
        return Outcome.Done;
    }

    private static Outcome Append(CommandContext c) => Rewriting.Run(c, TryAppend);

    private static Outcome SetRange(CommandContext c)
    {
        if (!RedisInteger.TryParse(c.Arg(2), out long offset)) return c.Error(RespErrors.NotInteger);
        return offset < 0 ? c.Error("ERR offset is out of range"u8) : Rewriting.Run(c, TrySetRange);
    }

    private static Outcome TryAppend(CommandContext c, PreparedValue? prepared, out Rewrite? rewrite)
    {
        rewrite = null;
        if (!c.TryFind(1, Need.Value, out EntryRef entry)) return Outcome.Retry;
        if (entry.IsNone)
        {
            if (!c.TryPut(1, 2, 0, EntryFlags.None)) return Outcome.Retry;
            c.Changed("append", 1);
            c.Reply.Integer(c.ArgLength(2));
            return Outcome.Done;
        }

        if (entry.Type != BlobType.String) return c.Error(RespErrors.WrongType);
        return Overwrite(c, entry, StringReads.Length(c.Store, entry), 2, "append", prepared, out rewrite);
    }

    private static Outcome TrySetRange(CommandContext c, PreparedValue? prepared, out Rewrite? rewrite)
    {
        rewrite = null;
        if (!c.TryFind(1, Need.Value, out EntryRef entry)) return Outcome.Retry;
        if (!entry.IsNone && entry.Type != BlobType.String) return c.Error(RespErrors.WrongType);
        _ = RedisInteger.TryParse(c.Arg(2), out long offset);
        return Overwrite(c, entry, offset, 3, "setrange", prepared, out rewrite);
    }

    /// <summary>Writes an argument over the string from an offset on, and replies the length.</summary>
    private static Outcome Overwrite(
        CommandContext c, in EntryRef entry, long offset, int arg, string change, PreparedValue? prepared, out Rewrite? rewrite)
    {
        rewrite = null;
        long oldLength = StringReads.Length(c.Store, entry);
        long added = c.ArgLength(arg);
        long length = oldLength;
        if (added == 0 && change == "append")
        {
            // Nothing is added, but Redis makes the string one that could grow, and says that it changed.
            if (StringReads.IsShared(entry) && (!TryOverwriteAtOnce(c, entry, length, offset, arg, out bool put) || !put)) return Outcome.Retry;
            c.Changed(change, 1);
        }
        else if (added > 0)
        {
            if (offset > StringLimits.BytesMaxOf(c) - added) return c.Error(StringErrors.TooLong);
            length = Math.Max(oldLength, offset + added);
            if (!Rewriting.TryPutPrepared(c, 1, entry, prepared, out bool retry))
            {
                if (retry) return Outcome.Retry;
                if (length > IBlobStore.ChunkBytes || c.IsLarge(arg) || !TryOverwriteAtOnce(c, entry, length, offset, arg, out bool put))
                {
                    rewrite = RewriteOf(c, entry, length, offset, arg);
                    return Outcome.Async;
                }

                if (!put) return Outcome.Retry;
            }

            c.Changed(change, 1);
        }

        c.Reply.Integer(length);
        return Outcome.Done;
    }

    /// <summary>False where bytes of the string are not in memory; else <paramref name="put"/> tells whether there was room.</summary>
    private static bool TryOverwriteAtOnce(CommandContext c, in EntryRef entry, long length, long offset, int arg, out bool put)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)length);
        Span<byte> bytes = buffer.AsSpan(0, (int)length);
        bool read = StringReads.TryRead(c.Store, entry, 0, bytes);
        put = false;
        if (read)
        {
            c.Arg(arg).CopyTo(bytes[(int)offset..]);
            put = c.TryPut(1, bytes, entry.IsNone ? 0 : entry.ExpiresAt, EntryFlags.Raw);
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return read;
    }

    private static Rewrite RewriteOf(CommandContext c, in EntryRef entry, long length, long offset, int arg)
    {
        IBlobStore store = c.Store;
        long last = offset + c.ArgLength(arg) - 1;
        ValueTask<CacheError?> Overlay(long chunkOffset, Memory<byte> chunk, CancellationToken cancellation)
        {
            long from = Math.Max(offset, chunkOffset);
            int count = (int)(Math.Min(last + 1, chunkOffset + chunk.Length) - from);
            return ReadArgAsync(c, arg, from - offset, chunk.Slice((int)(from - chunkOffset), count), cancellation);
        }

        return new([ValueSnapshot.Take(c, 1, entry)], (sources, cancellation) =>
            LargeValueBuilder.ChangeAsync(store, sources[0], length, offset, last, Overlay, cancellation));
    }

    private static async ValueTask<CacheError?> ReadArgAsync(
        CommandContext c, int arg, long offset, Memory<byte> target, CancellationToken cancellation)
    {
        if (c.LargeArg(arg) is { } large) return await ValueSnapshot.Of(large).ReadAsync(offset, target, cancellation);
        c.Arg(arg).Slice((int)offset, target.Length).CopyTo(target.Span);
        return null;
    }
}
