using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Strings;

/// <summary>An integer type of BITFIELD: signed of 1 to 64 bits, unsigned of 1 to 63.</summary>
internal readonly record struct BitfieldType(bool Signed, int Bits)
{
    /// <summary>Most bytes that a field of any type touches.</summary>
    public const int BytesMax = 9;

    /// <summary>Reads a type such as i16 or u8.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out BitfieldType type)
    {
        type = default;
        if (text.Length < 2 || text[0] is not ((byte)'i' or (byte)'u')) return false;
        bool signed = text[0] == (byte)'i';
        if (!RedisInteger.TryParse(text[1..], out long bits) || bits < 1 || bits > (signed ? 64 : 63)) return false;
        type = new(signed, (int)bits);
        return true;
    }

    /// <summary>Bytes from the first to the last that a field at this bit touches.</summary>
    public int BytesAt(long bitOffset) => (int)(((bitOffset + Bits - 1) >> 3) - (bitOffset >> 3)) + 1;

    /// <summary>The field that starts at a bit (0 to 7) of the first byte.</summary>
    public long Read(ReadOnlySpan<byte> bytes, int bit)
    {
        UInt128 window = Window(bytes);
        ulong value = (ulong)(window >> Shift(bit)) & Mask;
        return Signed ? (long)(value << (64 - Bits)) >> (64 - Bits) : (long)value;
    }

    /// <summary>Writes a field that starts at a bit (0 to 7) of the first byte; bits of the value that don't fit are dropped.</summary>
    public void Write(Span<byte> bytes, int bit, long value)
    {
        int shift = Shift(bit);
        UInt128 window = Window(bytes) & ~((UInt128)Mask << shift);
        window |= (UInt128)((ulong)value & Mask) << shift;
        for (int i = 0; i < Math.Min(bytes.Length, BytesMax); i++) bytes[i] = (byte)(window >> (8 * (BytesMax - 1 - i)));
    }

    /// <summary>Adds an increment; true where the result did not fit, and is then what the overflow mode makes of it.</summary>
    public bool Add(long value, long increment, BitfieldOverflow overflow, out long result)
    {
        result = unchecked(value + increment);
        int direction = Signed ? SignedDirection(value, increment) : UnsignedDirection((ulong)value, increment);
        if (direction == 0) return false;
        long greatest = (long)(Mask >> (Signed ? 1 : 0));
        if (overflow == BitfieldOverflow.Saturate) result = direction > 0 ? greatest : Signed ? -greatest - 1 : 0;
        else result = Signed ? result << (64 - Bits) >> (64 - Bits) : (long)((ulong)result & Mask);
        return true;
    }

    private ulong Mask => ulong.MaxValue >> (64 - Bits);

    private int Shift(int bit) => (8 * BytesMax) - bit - Bits;

    private static UInt128 Window(ReadOnlySpan<byte> bytes)
    {
        UInt128 window = 0;
        for (int i = 0; i < BytesMax; i++) window = (window << 8) | (i < bytes.Length ? bytes[i] : (byte)0);
        return window;
    }

    private int UnsignedDirection(ulong value, long increment)
    {
        ulong greatest = Mask;
        if (value > greatest || (increment > 0 && increment > unchecked((long)(greatest - value)))) return 1;
        return increment < 0 && increment < unchecked((long)(0 - value)) ? -1 : 0;
    }

    private int SignedDirection(long value, long increment)
    {
        // The differences wrap as in Redis: SET of a number near the least 64-bit integer into a short field counts as too great there.
        long greatest = (long)(Mask >> 1);
        long least = -greatest - 1;
        long roomAbove = unchecked(greatest - value);
        long roomBelow = unchecked(least - value);
        if (value > greatest || (Bits != 64 && increment > roomAbove) || (value >= 0 && increment > 0 && increment > roomAbove)) return 1;
        return value < least || (Bits != 64 && increment < roomBelow) || (value < 0 && increment < 0 && increment < roomBelow) ? -1 : 0;
    }
}
