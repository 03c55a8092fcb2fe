using System.Buffers;
using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Collections;
using Hal.Cache.Gateway.Strings;
using Hal.Cache.Node;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>Strings as bitmaps: counts, searches and combinations.</summary>
internal static class BitmapCommands
{
    public static readonly CommandSpec[] Specs =
    [
        new("bitcount", -2, CommandFlags.ReadOnly,
            KeySpec.One, BitCount)
        {
            Group = "bitmap", Since = "2.6.0", Complexity = "O(N) for N bytes",
            Summary = "Counts the set bits of a string or of a part of it.",
        },
        new("bitpos", -3, CommandFlags.ReadOnly,
            KeySpec.One, BitPos)
        {
            Group = "bitmap", Since = "2.8.7", Complexity = "O(N) for N bytes",
            Summary = "Finds the first set or clear bit of a string or of a part of it.",
        },
        new("bitop", -4, CommandFlags.Write | CommandFlags.DenyOom,
            new(2, Flags: KeyFlags.OW | KeyFlags.Update), BitOp)
        {
            Group = "bitmap", Since = "2.6.0", Complexity = "O(N) for N bytes",
            Summary = "Stores the bitwise combination of strings.",
            MoreKeys = [new(3, -1)],
        },
    ];

    private static Outcome BitCount(CommandContext c)
    {
        long start = 0;
        long end = -1;
        bool bits = false;
        if (!c.TryFind(1, Need.Value, out EntryRef entry)) return Outcome.Retry;
        if (entry.IsNone) return c.Integer(0); // whatever the arguments are: Redis looks at them later
        if (entry.Type != BlobType.String) return c.Error(RespErrors.WrongType);
        if (c.Count is 3 or > 5) return c.Error(RespErrors.Syntax);
        if (c.Count > 3 && !(RedisInteger.TryParse(c.Arg(2), out start) && RedisInteger.TryParse(c.Arg(3), out end)))
            return c.Error(RespErrors.NotInteger);
        if (start < 0 && end < 0 && start > end) return c.Integer(0);
        if (c.Count == 5 && !TryUnit(c.Arg(4), out bits)) return c.Error(RespErrors.Syntax);

        BitRange range = BitRange.Of(start, end, bits, StringReads.Length(c.Store, entry));
        if (range.IsEmpty) return c.Integer(0);

        if (entry.IsLarge)
        {
            ValueSnapshot source = ValueSnapshot.Take(c, 1, entry, range.FirstByte);
            return c.RunAsync(context => CountAsync(context, source, range));
        }

        c.Reply.Integer(BitCounter.Count(entry.Value.Slice((int)range.FirstByte, (int)range.Bytes), range.FirstByte, range));
        return Outcome.Done;
    }

    private static async ValueTask CountAsync(CommandContext c, ValueSnapshot source, BitRange range)
    {
        long count = 0;
        CacheError? error = await ForEachPartAsync(c, source, range, (bytes, offset) =>
        {
            count += BitCounter.Count(bytes, offset, range);
            return true;
        });
        if (error is null) c.Reply.Integer(count);
        else c.Error(error);
    }

    private static Outcome BitPos(CommandContext c)
    {
        long start = 0;
        long end = -1;
        bool bits = false;
        if (!RedisInteger.TryParse(c.Arg(2), out long bit)) return c.Error(RespErrors.NotInteger);
        if (bit is not (0 or 1)) return c.Error("ERR The bit argument must be 1 or 0."u8);
        bool set = bit == 1;
        if (!c.TryFind(1, Need.Value, out EntryRef entry)) return Outcome.Retry;
        if (entry.IsNone) return c.Integer(set ? -1 : 0);
        if (entry.Type != BlobType.String) return c.Error(RespErrors.WrongType);
        if (c.Count > 6) return c.Error(RespErrors.Syntax);
        if (c.Count > 3 && !RedisInteger.TryParse(c.Arg(3), out start)) return c.Error(RespErrors.NotInteger);
        if (c.Count > 5 && !TryUnit(c.Arg(5), out bits)) return c.Error(RespErrors.Syntax);
        if (c.Count > 4 && !RedisInteger.TryParse(c.Arg(4), out end)) return c.Error(RespErrors.NotInteger);

        BitRange range = BitRange.Of(start, end, bits, StringReads.Length(c.Store, entry));
        if (range.IsEmpty) return c.Integer(-1);

        // A search for a clear bit without an end looks at a string as followed by zeros.
        long otherwise = set || c.Count > 4 ? -1 : (range.LastByte + 1) << 3;
        if (entry.IsLarge)
        {
            ValueSnapshot source = ValueSnapshot.Take(c, 1, entry, range.FirstByte);
            return c.RunAsync(context => FindAsync(context, source, range, set, otherwise));
        }

        long found = BitSearch.Find(entry.Value.Slice((int)range.FirstByte, (int)range.Bytes), range.FirstByte, range, set);
        c.Reply.Integer(found < 0 ? otherwise : found);
        return Outcome.Done;
    }

    private static async ValueTask FindAsync(CommandContext c, ValueSnapshot source, BitRange range, bool set, long otherwise)
    {
        long found = -1;
        CacheError? error = await ForEachPartAsync(c, source, range, (bytes, offset) =>
        {
            found = BitSearch.Find(bytes, offset, range, set);
            return found < 0;
        });
        if (error is null) c.Reply.Integer(found < 0 ? otherwise : found);
        else c.Error(error);
    }

    private static Outcome BitOp(CommandContext c)
    {
        if (!TryOperation(c.Arg(1), out BitOperation operation)) return c.Error(RespErrors.Syntax);
        if (operation == BitOperation.Not && c.Count != 4) return c.Error("ERR BITOP NOT must be called with a single source key."u8);
        return Rewriting.Run(c, (CommandContext context, PreparedValue? prepared, out Rewrite? rewrite) =>
            TryCombine(context, operation, prepared, out rewrite));
    }

    private static Outcome TryCombine(CommandContext c, BitOperation operation, PreparedValue? prepared, out Rewrite? rewrite)
    {
        rewrite = null;
        long length = 0;
        bool current = prepared is not null;
        for (int i = 3; i < c.Count; i++)
        {
            if (!c.TryFind(i, Need.Value, out EntryRef source)) return Outcome.Retry;
            if (!source.IsNone && source.Type != BlobType.String) return c.Error(RespErrors.WrongType);
            length = Math.Max(length, StringReads.Length(c.Store, source));
            current = current && prepared!.Versions[i - 3] == (source.IsNone ? 0 : source.Version);
        }

        if (length == 0)
        {
            if (!c.TryRemove(2, out bool removed)) return Outcome.Retry;
            if (removed) c.Changed("del", 2);
        }
        else
        {
            bool put = current && c.TryPut(2, prepared!.Value, 0, EntryFlags.Raw);
            if (current && !put) return Outcome.Retry;
            if (!current && (length > IBlobStore.ChunkBytes || !TryCombineAtOnce(c, operation, (int)length, out put)))
            {
                rewrite = RewriteOf(c, operation, length);
                return Outcome.Async;
            }

            if (!put) return Outcome.Retry;
            c.Changed("set", 2);
        }

        c.Reply.Integer(length);
        return Outcome.Done;
    }

    private static bool TryCombineAtOnce(CommandContext c, BitOperation operation, int length, out bool put)
    {
        byte[] rented = ArrayPool<byte>.Shared.Rent(2 * length);
        Span<byte> target = rented.AsSpan(0, length);
        Span<byte> operand = rented.AsSpan(length, length);
        bool read = true;
        put = false;
        for (int i = 3; i < c.Count && read; i++)
        {
            read = c.TryFind(i, Need.Value, out EntryRef source)
                && StringReads.TryRead(c.Store, source, 0, i == 3 && operation != BitOperation.Not ? target : operand);
            if (read && (i > 3 || operation == BitOperation.Not)) BitCombiner.Combine(operation, target, operand);
        }

        if (read) put = c.TryPut(2, target, 0, EntryFlags.Raw);
        ArrayPool<byte>.Shared.Return(rented);
        return read;
    }

    private static Rewrite RewriteOf(CommandContext c, BitOperation operation, long length)
    {
        IBlobStore store = c.Store;
        var sources = new ValueSnapshot[c.Count - 3];
        for (int i = 0; i < sources.Length; i++)
        {
            // The caller has just found every one of them under the same locks.
            _ = c.TryFind(i + 3, Need.Value, out EntryRef entry);
            sources[i] = ValueSnapshot.Take(c, i + 3, entry);
        }

        return new(sources, async (snapshots, cancellation) =>
        {
            byte[] operand = ArrayPool<byte>.Shared.Rent(IBlobStore.ChunkBytes);
            async ValueTask<CacheError?> Overlay(long offset, Memory<byte> chunk, CancellationToken token)
            {
                for (int i = 0; i < snapshots.Length; i++)
                {
                    bool copies = i == 0 && operation != BitOperation.Not;
                    Memory<byte> bytes = copies ? chunk : operand.AsMemory(0, chunk.Length);
                    if (await snapshots[i].ReadAsync(offset, bytes, token) is { } error) return error;
                    if (!copies) BitCombiner.Combine(operation, chunk.Span, bytes.Span);
                }

                return null;
            }

            (ILargeValue? Value, CacheError? Error) built =
                await LargeValueBuilder.ChangeAsync(store, default, length, 0, length - 1, Overlay, cancellation);
            ArrayPool<byte>.Shared.Return(operand);
            return built;
        });
    }

    /// <summary>Visits the range's bytes in order, a chunk at a time, until the visitor returns false; disposes of the source.</summary>
    private static async ValueTask<CacheError?> ForEachPartAsync(
        CommandContext c, ValueSnapshot source, BitRange range, Func<ReadOnlySpan<byte>, long, bool> visit)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // off the thread that polls sockets
        using ValueSnapshot disposed = source;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(IBlobStore.ChunkBytes);
        CacheError? error = null;
        for (long offset = range.FirstByte; offset <= range.LastByte && error is null;)
        {
            // Ends with the chunk, so that each is read once.
            int count = IBlobStore.ChunkBytes - (int)(offset % IBlobStore.ChunkBytes);
            Memory<byte> part = buffer.AsMemory(0, (int)Math.Min(count, range.LastByte + 1 - offset));
            error = await source.ReadAsync(offset, part, c.Cancellation);
            if (error is null && !visit(part.Span, offset)) break;
            offset += part.Length;
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return error;
    }

    private static bool TryUnit(ReadOnlySpan<byte> text, out bool bits)
    {
        bits = Ascii.EqualsIgnoreCase(text, "BIT"u8);
        return bits || Ascii.EqualsIgnoreCase(text, "BYTE"u8);
    }

    private static bool TryOperation(ReadOnlySpan<byte> text, out BitOperation operation)
    {
        operation = Ascii.EqualsIgnoreCase(text, "OR"u8) ? BitOperation.Or
            : Ascii.EqualsIgnoreCase(text, "XOR"u8) ? BitOperation.Xor
            : Ascii.EqualsIgnoreCase(text, "NOT"u8) ? BitOperation.Not
            : BitOperation.And;
        return operation != BitOperation.And || Ascii.EqualsIgnoreCase(text, "AND"u8);
    }
}
