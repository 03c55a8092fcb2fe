using System.Text;
using Hal.Cache.Gateway.Commands;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Strings;

/// <summary>The operations of one BITFIELD command, in order.</summary>
internal sealed class BitfieldProgram
{
    private readonly List<BitfieldOp> ops = [];

    public IReadOnlyList<BitfieldOp> Ops => ops;

    /// <summary>Length in bytes that the string gets at least; 0 where nothing is written.</summary>
    public long WriteLength { get; private set; }

    /// <summary>One operation, which may write.</summary>
    public static BitfieldProgram Of(BitfieldOp op)
    {
        var program = new BitfieldProgram();
        program.Add(op);
        return program;
    }

    /// <summary>Reads the operations from the third argument on; null where an error was replied.</summary>
    public static BitfieldProgram? Parse(CommandContext context, bool readOnly)
    {
        var program = new BitfieldProgram();
        BitfieldOverflow overflow = BitfieldOverflow.Wrap;
        for (int i = 2; i < context.Count;)
        {
            ReadOnlySpan<byte> name = context.Arg(i);
            int left = context.Count - i - 1;
            if (left >= 1 && Ascii.EqualsIgnoreCase(name, "OVERFLOW"u8))
            {
                if (!TryOverflow(context.Arg(i + 1), out overflow)) return Fail(context, "ERR Invalid OVERFLOW type specified"u8);
                i += 2;
                continue;
            }

            BitfieldAction action;
            if (left >= 2 && Ascii.EqualsIgnoreCase(name, "GET"u8)) action = BitfieldAction.Get;
            else if (left >= 3 && Ascii.EqualsIgnoreCase(name, "SET"u8)) action = BitfieldAction.Set;
            else if (left >= 3 && Ascii.EqualsIgnoreCase(name, "INCRBY"u8)) action = BitfieldAction.IncrBy;
            else return Fail(context, RespErrors.Syntax);

            if (!BitfieldType.TryParse(context.Arg(i + 1), out BitfieldType type))
                return Fail(context, "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is."u8);
            if (!BitOffset.TryParse(context.Arg(i + 2), type.Bits, StringLimits.BytesMaxOf(context), out long offset)) return Fail(context, BitOffset.Error);
            long operand = 0;
            if (action != BitfieldAction.Get && !RedisInteger.TryParse(context.Arg(i + 3), out operand))
                return Fail(context, RespErrors.NotInteger);
            program.Add(new(action, type, offset, operand, overflow));
            i += action == BitfieldAction.Get ? 3 : 4;
        }

        if (readOnly && program.WriteLength > 0) return Fail(context, "ERR BITFIELD_RO only supports the GET subcommand"u8);
        return program;
    }

    private void Add(BitfieldOp op)
    {
        ops.Add(op);
        if (op.Action != BitfieldAction.Get) WriteLength = Math.Max(WriteLength, op.FirstByte + op.Bytes);
    }

    private static bool TryOverflow(ReadOnlySpan<byte> text, out BitfieldOverflow overflow)
    {
        overflow = Ascii.EqualsIgnoreCase(text, "SAT"u8) ? BitfieldOverflow.Saturate
            : Ascii.EqualsIgnoreCase(text, "FAIL"u8) ? BitfieldOverflow.Fail
            : BitfieldOverflow.Wrap;
        return overflow != BitfieldOverflow.Wrap || Ascii.EqualsIgnoreCase(text, "WRAP"u8);
    }

    private static BitfieldProgram? Fail(CommandContext context, ReadOnlySpan<byte> error)
    {
        context.Reply.Error(error);
        return null;
    }
}
