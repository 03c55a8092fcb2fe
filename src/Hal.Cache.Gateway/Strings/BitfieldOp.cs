namespace Hal.Cache.Gateway.Strings;

/// <summary>One operation of BITFIELD on the field that starts at a bit of the string.</summary>
internal readonly record struct BitfieldOp(BitfieldAction Action, BitfieldType Type, long BitOffset, long Operand, BitfieldOverflow Overflow)
{
    /// <summary>First byte of the string that the field touches.</summary>
    public long FirstByte => BitOffset >> 3;

    /// <summary>Bytes that the field touches.</summary>
    public int Bytes => Type.BytesAt(BitOffset);

    /// <summary>
    /// Does the operation on the touched bytes (zeros past the string's end) and gives its reply, null where an overflow made it fail;
    /// true where the field changed.
    /// </summary>
    public bool Apply(Span<byte> field, out long? reply)
    {
        int bit = (int)(BitOffset & 7);
        long old = Type.Read(field, bit);
        reply = old;
        if (Action == BitfieldAction.Get) return false;

        bool adds = Action == BitfieldAction.IncrBy;
        bool overflowed = Type.Add(adds ? old : Operand, adds ? Operand : 0, Overflow, out long result);
        if (overflowed && Overflow == BitfieldOverflow.Fail)
        {
            reply = null;
            return false;
        }

        if (adds) reply = result;
        if (result == old) return false;
        Type.Write(field, bit, result);
        return true;
    }
}
