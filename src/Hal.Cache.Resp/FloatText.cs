using System.Numerics;

namespace Hal.Cache.Resp;

/// <summary>The parts of a number's text in the syntax of C's strtod and strtold, taken apart once for both of their precisions.</summary>
internal readonly struct FloatText
{
    /// <summary>Magnitude at which an exponent is cut off; far beyond what any number here can have together with its digits.</summary>
    private const int ExponentMax = 1_000_000_000;

    public enum Kind
    {
        Decimal,
        Hex,
        Infinity,
    }

    public Kind Form { get; private init; }

    public bool Negative { get; private init; }

    /// <summary>Digits before and after the point, as one integer; not set for an infinity.</summary>
    public BigInteger Digits { get; private init; }

    /// <summary>The power of ten (decimal) or two (hexadecimal) that the digits are to be multiplied by.</summary>
    public long Exponent { get; private init; }

    /// <summary>Decimal digits of <see cref="Digits"/>, without leading zeros.</summary>
    public int DigitCount { get; private init; }

    /// <summary>
    /// Whether the text is a number in whole, nothing around it ("nan" is none); plain when it is neither hexadecimal nor infinite.
    /// </summary>
    public static bool IsNumber(ReadOnlySpan<byte> text, out bool plain)
    {
        var whole = TrySplit(text, out var form, out _, out _, out _, out _);
        plain = form == Kind.Decimal;
        return whole;
    }

    public static bool TryParse(ReadOnlySpan<byte> text, out FloatText parsed)
    {
        parsed = default;
        if (!TrySplit(text, out var form, out var negative, out var whole, out var fraction, out var exponent)) return false;
        if (form == Kind.Infinity)
        {
            parsed = new FloatText { Form = form, Negative = negative };
            return true;
        }

        while (!fraction.IsEmpty && fraction[^1] == (byte)'0') fraction = fraction[..^1];
        whole = whole.TrimStart((byte)'0');
        var radix = form == Kind.Hex ? 16 : 10;
        var digits = BigInteger.Zero;
        Accumulate(ref digits, whole, radix);
        Accumulate(ref digits, fraction, radix);
        parsed = new FloatText
        {
            Form = form,
            Negative = negative,
            Digits = digits,
            DigitCount = whole.IsEmpty ? fraction.TrimStart((byte)'0').Length : whole.Length + fraction.Length,
            Exponent = exponent - (form == Kind.Hex ? 4L * fraction.Length : fraction.Length),
        };
        return true;
    }

    private static bool TrySplit(
        ReadOnlySpan<byte> text,
        out Kind form,
        out bool negative,
        out ReadOnlySpan<byte> whole,
        out ReadOnlySpan<byte> fraction,
        out int exponent)
    {
        form = Kind.Decimal;
        whole = fraction = default;
        exponent = 0;
        negative = !text.IsEmpty && text[0] == (byte)'-';
        if (!text.IsEmpty && text[0] is (byte)'-' or (byte)'+') text = text[1..];
        if (EqualsLower(text, "inf"u8) || EqualsLower(text, "infinity"u8))
        {
            form = Kind.Infinity;
            return true;
        }

        if (text.Length > 2 && text[0] == (byte)'0' && (text[1] | 0x20) == 'x')
        {
            form = Kind.Hex;
            text = text[2..];
        }

        whole = text[..CountDigits(text, form)];
        text = text[whole.Length..];
        if (!text.IsEmpty && text[0] == (byte)'.')
        {
            text = text[1..];
            fraction = text[..CountDigits(text, form)];
            text = text[fraction.Length..];
        }

        if (whole.IsEmpty && fraction.IsEmpty) return false;
        if (text.IsEmpty) return true;
        return (text[0] | 0x20) == (form == Kind.Hex ? 'p' : 'e') && TryExponent(text[1..], out exponent);
    }

    private static bool TryExponent(ReadOnlySpan<byte> text, out int exponent)
    {
        exponent = 0;
        var negative = !text.IsEmpty && text[0] == (byte)'-';
        if (!text.IsEmpty && text[0] is (byte)'-' or (byte)'+') text = text[1..];
        if (text.IsEmpty) return false;
        foreach (var c in text)
        {
            if (c is < (byte)'0' or > (byte)'9') return false;
            exponent = (int)Math.Min(ExponentMax, (10L * exponent) + c - '0');
        }

        if (negative) exponent = -exponent;
        return true;
    }

    private static int CountDigits(ReadOnlySpan<byte> text, Kind form)
    {
        var count = 0;
        while (count < text.Length && IsDigit((char)text[count], form)) count++;
        return count;
    }

    private static bool IsDigit(char c, Kind form) => form == Kind.Hex ? char.IsAsciiHexDigit(c) : char.IsAsciiDigit(c);

    // Fourteen digits at a time fit a long in either radix.
    private static void Accumulate(ref BigInteger sum, ReadOnlySpan<byte> digits, int radix)
    {
        while (!digits.IsEmpty)
        {
            var part = digits[..Math.Min(14, digits.Length)];
            long value = 0, scale = 1;
            foreach (var c in part)
            {
                value = (value * radix) + (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
                scale *= radix;
            }

            sum = (sum * scale) + value;
            digits = digits[part.Length..];
        }
    }

    private static bool EqualsLower(ReadOnlySpan<byte> text, ReadOnlySpan<byte> lower)
    {
        if (text.Length != lower.Length) return false;
        for (var i = 0; i < text.Length; i++)
        {
            if ((text[i] | 0x20) != lower[i]) return false;
        }

        return true;
    }
}
