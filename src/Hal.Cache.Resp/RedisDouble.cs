using System.Globalization;

namespace Hal.Cache.Resp;

/// <summary>Doubles as Redis 7.2 reads and writes them, such as the scores of sorted sets.</summary>
public static class RedisDouble
{
    /// <summary>Longest text of a double, in bytes.</summary>
    public const int BytesMax = 32;

    // Redis writes whole numbers up to here (LLONG_MAX / 2) as integers.
    private const double WholeMost = 4611686018427387904.0;

    /// <summary>
    /// Reads a number in whole, in the syntax of C's strtod (decimal, hexadecimal, inf); false with anything around it, for nan, and
    /// for what overflows or is not zero but rounds to it.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out double value)
    {
        value = 0;
        if (!FloatText.IsNumber(text, out var plain)) return false;
        if (plain)
        {
            const NumberStyles Styles = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
            if (!double.TryParse(text, Styles, CultureInfo.InvariantCulture, out value) || double.IsInfinity(value)) return false;
            return value != 0 || IsZero(text);
        }

        if (!FloatText.TryParse(text, out var parts)) return false;
        value = double.PositiveInfinity;
        if (parts.Form == FloatText.Kind.Hex)
        {
            if (!BinaryRounding.Double.TryRound(parts, out var mantissa, out var exponent)) return false;
            value = Math.ScaleB(mantissa, exponent);
        }

        if (parts.Negative) value = -value;
        return true;
    }

    /// <summary>
    /// Writes the shortest text that reads as the same double, in Redis's layout, and returns its length; the target has at least <see
    /// cref="BytesMax"/> bytes.
    /// </summary>
    public static int Format(double value, Span<byte> target)
    {
        if (double.IsNaN(value)) return Copy("nan"u8, target);
        if (double.IsInfinity(value)) return value < 0 ? Copy("-inf"u8, target) : Copy("inf"u8, target);
        if (value == 0) return double.IsNegative(value) ? Copy("-0"u8, target) : Copy("0"u8, target);
        if (Math.Abs(value) <= WholeMost && value == Math.Truncate(value)) return RedisInteger.Format((long)value, target);

        // "R" gives the shortest digits; they are laid out anew.
        Span<byte> text = stackalloc byte[BytesMax];
        value.TryFormat(text, out var length, "R", CultureInfo.InvariantCulture);
        var at = 0;
        if (value < 0) target[at++] = (byte)'-';
        Span<byte> digits = stackalloc byte[BytesMax];
        var count = ShortestDigits(text[(value < 0 ? 1 : 0)..length], digits, out var power);
        return at + Layout(digits[..count], power, target[at..]);
    }

    // Digits without zeros at either end, and the power of ten that their integer is multiplied by.
    private static int ShortestDigits(ReadOnlySpan<byte> text, Span<byte> digits, out int power)
    {
        int count = 0, i = 0;
        var inFraction = false;
        power = 0;
        for (; i < text.Length && text[i] != (byte)'E'; i++)
        {
            if (text[i] == (byte)'.')
            {
                inFraction = true;
                continue;
            }

            if (inFraction) power--;
            if (count > 0 || text[i] != (byte)'0') digits[count++] = text[i];
        }

        if (i < text.Length) power += int.Parse(text[(i + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        for (; digits[count - 1] == (byte)'0'; count--) power++;
        return count;
    }

    // When the exponent is written, and that it is not padded, is as in the fpconv library that Redis 7.2 took up.
    private static int Layout(ReadOnlySpan<byte> digits, int power, Span<byte> target)
    {
        var count = digits.Length;
        var exponent = count + power - 1;
        if (power >= 0 && exponent < count + 7)
        {
            digits.CopyTo(target);
            target.Slice(count, power).Fill((byte)'0');
            return count + power;
        }

        if (power < 0 && (power > -7 || Math.Abs(exponent) < 4))
        {
            var point = count + power;
            if (point <= 0)
            {
                "0."u8.CopyTo(target);
                target.Slice(2, -point).Fill((byte)'0');
                digits.CopyTo(target[(2 - point)..]);
                return 2 - point + count;
            }

            digits[..point].CopyTo(target);
            target[point] = (byte)'.';
            digits[point..].CopyTo(target[(point + 1)..]);
            return count + 1;
        }

        var at = 0;
        target[at++] = digits[0];
        if (count > 1)
        {
            target[at++] = (byte)'.';
            digits[1..].CopyTo(target[at..]);
            at += count - 1;
        }

        target[at++] = (byte)'e';
        target[at++] = exponent < 0 ? (byte)'-' : (byte)'+';
        return at + RedisInteger.Format(Math.Abs(exponent), target[at..]);
    }

    // Only the digits before the exponent matter.
    private static bool IsZero(ReadOnlySpan<byte> text)
    {
        foreach (var c in text)
        {
            if (c is (byte)'e' or (byte)'E') break;
            if (c is >= (byte)'1' and <= (byte)'9') return false;
        }

        return true;
    }

    private static int Copy(ReadOnlySpan<byte> text, Span<byte> target)
    {
        text.CopyTo(target);
        return text.Length;
    }
}
