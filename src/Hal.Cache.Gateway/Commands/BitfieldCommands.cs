using System.Buffers;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Strings;
using Hal.Cache.Node;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>Single bits, and integers of any number of bits, in strings.</summary>
internal static class BitfieldCommands
{
    public static readonly CommandSpec[] Specs =
    [
        new("getbit", 3, CommandFlags.ReadOnly | CommandFlags.Fast,
            KeySpec.One, GetBit)
        {
            Group = "bitmap", Since = "2.2.0", Complexity = "O(1)",
            Summary = "Gives one bit of a string.",
        },
        new("setbit", 4, CommandFlags.Write | CommandFlags.DenyOom,
            KeySpec.OneChanged, SetBit)
        {
            Group = "bitmap", Since = "2.2.0", Complexity = "O(1)",
            Summary = "Sets or clears one bit of a string and gives what it was.",
        },
        new("bitfield", -2, CommandFlags.Write | CommandFlags.DenyOom,
            new(1, Flags: KeyFlags.RW | KeyFlags.Access | KeyFlags.Update | KeyFlags.VariableFlags)
            { Notes = "This command allows both access and modification of the key" }, Bitfield)
        {
            Group = "bitmap", Since = "3.2.0", Complexity = "O(1) for each operation",
            Summary = "Reads, sets and adds to integers of any number of bits in a string.",
        },
        new("bitfield_ro", -2, CommandFlags.ReadOnly | CommandFlags.Fast,
            KeySpec.One, BitfieldRo)
        {
            Group = "bitmap", Since = "6.0.0", Complexity = "O(1) for each operation",
            Summary = "Reads integers of any number of bits in a string.",
        },
    ];

    private static readonly BitfieldType Bit = new(Signed: false, Bits: 1);

    private static Outcome GetBit(CommandContext c)
    {
        if (!BitOffset.TryParse(c.Arg(2), 0, StringLimits.BytesMaxOf(c), out long offset)) return c.Error(BitOffset.Error);
        return Read(c, BitfieldProgram.Of(new(BitfieldAction.Get, Bit, offset, 0, BitfieldOverflow.Wrap)), asArray: false);
    }

    private static Outcome SetBit(CommandContext c)
    {
        if (!BitOffset.TryParse(c.Arg(2), 0, StringLimits.BytesMaxOf(c), out long offset)) return c.Error(BitOffset.Error);
        if (!RedisInteger.TryParse(c.Arg(3), out long value) || value is not (0 or 1)) return c.Error(StringErrors.Bit);
        return Write(c, BitfieldProgram.Of(new(BitfieldAction.Set, Bit, offset, value, BitfieldOverflow.Wrap)), asArray: false);
    }

    private static Outcome Bitfield(CommandContext c)
    {
        if (BitfieldProgram.Parse(c, readOnly: false) is not { } program) return Outcome.Done;
        return program.WriteLength == 0 ? Read(c, program, asArray: true) : Write(c, program, asArray: true);
    }

    private static Outcome BitfieldRo(CommandContext c) =>
        BitfieldProgram.Parse(c, readOnly: true) is { } program ? Read(c, program, asArray: true) : Outcome.Done;

    private static Outcome Read(CommandContext c, BitfieldProgram program, bool asArray)
    {
        if (!c.TryFind(1, Need.Value, out EntryRef entry)) return Outcome.Retry;
        if (!entry.IsNone && entry.Type != BlobType.String) return c.Error(RespErrors.WrongType);
        int start = c.Reply.Length;
        if (asArray) c.Reply.ArrayHeader(program.Ops.Count);
        Span<byte> field = stackalloc byte[BitfieldType.BytesMax];
        foreach (BitfieldOp op in program.Ops)
        {
            Span<byte> bytes = field[..op.Bytes];
            if (!StringReads.TryRead(c.Store, entry, op.FirstByte, bytes))
            {
                c.Reply.Truncate(start);
                var sources = new ValueSnapshot[program.Ops.Count];
                for (int i = 0; i < sources.Length; i++) sources[i] = ValueSnapshot.Take(c, 1, entry, program.Ops[i].FirstByte);
                return c.RunAsync(context => ReadAsync(context, program, sources, asArray));
            }

            op.Apply(bytes, out long? reply);
            c.Reply.Integer(reply.GetValueOrDefault());
        }

        return Outcome.Done;
    }

    private static async ValueTask ReadAsync(CommandContext c, BitfieldProgram program, ValueSnapshot[] sources, bool asArray)
    {
        var replies = new List<long?>(program.Ops.Count);
        var field = new byte[BitfieldType.BytesMax];
        CacheError? error = null;
        for (int i = 0; i < sources.Length; i++)
        {
            using ValueSnapshot source = sources[i];
            if (error is not null) continue; // the others are only disposed of
            BitfieldOp op = program.Ops[i];
            Memory<byte> bytes = field.AsMemory(0, op.Bytes);
            error = await source.ReadAsync(op.FirstByte, bytes, c.Cancellation);
            if (error is not null) continue;
            op.Apply(bytes.Span, out long? reply);
            replies.Add(reply);
        }

        if (error is not null) c.Error(error);
        else Reply(c, replies, asArray);
    }

    private static Outcome Write(CommandContext c, BitfieldProgram program, bool asArray)
    {
        var replies = new List<long?>(program.Ops.Count);
        return Rewriting.Run(c, (CommandContext context, PreparedValue? prepared, out Rewrite? rewrite) =>
            TryWrite(context, program, replies, asArray, prepared, out rewrite));
    }

    private static Outcome TryWrite(
        CommandContext c, BitfieldProgram program, List<long?> replies, bool asArray, PreparedValue? prepared, out Rewrite? rewrite)
    {
        rewrite = null;
        if (!c.TryFind(1, Need.Value, out EntryRef entry)) return Outcome.Retry;
        if (!entry.IsNone && entry.Type != BlobType.String) return c.Error(RespErrors.WrongType);
        long oldLength = StringReads.Length(c.Store, entry);
        long length = Math.Max(oldLength, program.WriteLength);
        bool changed = true;
        if (!Rewriting.TryPutPrepared(c, 1, entry, prepared, out bool retry))
        {
            if (retry) return Outcome.Retry;
            replies.Clear();
            if (length > IBlobStore.ChunkBytes || !TryWriteAtOnce(c, entry, length, program, replies, out bool put, out changed))
            {
                rewrite = RewriteOf(c, entry, length, program, replies);
                return Outcome.Async;
            }

            if (!put) return Outcome.Retry;
        }

        if (changed) c.Changed("setbit", 1);
        Reply(c, replies, asArray);
        return Outcome.Done;
    }

    private static bool TryWriteAtOnce(
        CommandContext c, in EntryRef entry, long length, BitfieldProgram program, List<long?> replies, out bool put, out bool changed)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)length + BitfieldType.BytesMax);
        Span<byte> bytes = buffer.AsSpan(0, (int)length + BitfieldType.BytesMax); // a field that is only read may lie past the end
        bool read = StringReads.TryRead(c.Store, entry, 0, bytes);
        put = true;
        changed = entry.IsNone || length > StringReads.Length(c.Store, entry);
        Span<byte> zeros = stackalloc byte[BitfieldType.BytesMax];
        if (read)
        {
            foreach (BitfieldOp op in program.Ops)
            {
                zeros.Clear();
                Span<byte> field = op.FirstByte < length ? bytes.Slice((int)op.FirstByte, op.Bytes) : zeros[..op.Bytes];
                changed |= op.Apply(field, out long? reply);
                replies.Add(reply);
            }

            // Redis makes a string of its own for the key before it looks whether bits change, which OBJECT ENCODING shows and no WATCH hears of.
            if (!changed && StringReads.IsShared(entry)) entry.MarkRaw();
            if (changed) put = c.TryPut(1, bytes[..(int)length], entry.IsNone ? 0 : entry.ExpiresAt, EntryFlags.Raw);
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return read;
    }

    private static Rewrite RewriteOf(CommandContext c, in EntryRef entry, long length, BitfieldProgram program, List<long?> replies)
    {
        IBlobStore store = c.Store;
        return new([ValueSnapshot.Take(c, 1, entry)], async (sources, cancellation) =>
        {
            using var editor = new BitfieldEditor(store, sources[0], length);
            replies.Clear();
            return await editor.RunAsync(program, replies, cancellation) is { } error
                ? (null, error)
                : await editor.BuildAsync(cancellation);
        });
    }

    private static void Reply(CommandContext c, List<long?> replies, bool asArray)
    {
        if (asArray) c.Reply.ArrayHeader(replies.Count);
        foreach (long? reply in replies)
        {
            if (reply is { } value) c.Reply.Integer(value);
            else c.Reply.Null();
        }
    }
}
