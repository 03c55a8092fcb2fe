using System.Numerics;

namespace Hal.Cache.Resp;

/// <summary>Rounding of exact values to a binary floating-point format: to nearest, ties to even, denormal numbers included.</summary>
internal readonly record struct BinaryRounding(int MantissaBits, int ExponentLeast, int ExponentMost)
{
    /// <summary>IEEE 754 binary64; the exponents are those of the mantissa's last bit.</summary>
    public static readonly BinaryRounding Double = new(53, -1074, 971);

    /// <summary>The x87's 80-bit format, which C's long double is on x86-64.</summary>
    public static readonly BinaryRounding Extended = new(64, -16445, 16320);

    /// <summary>
    /// Rounds magnitude * 2^exponent; false on overflow; the mantissa is 0 for what is nearer to zero than to the least number.
    /// </summary>
    public bool TryRound(BigInteger magnitude, long exponent, out ulong mantissa, out int exponentOut)
    {
        mantissa = 0;
        exponentOut = 0;
        if (magnitude.IsZero) return true;
        var bits = magnitude.GetBitLength();
        if (bits + exponent > (long)ExponentMost + MantissaBits) return false;
        if (bits + exponent < ExponentLeast) return true; // below half of the least number

        var drop = Math.Max(bits - MantissaBits, ExponentLeast - exponent);
        if (drop > 0)
        {
            var kept = magnitude >> (int)drop;
            var dropped = magnitude - (kept << (int)drop);
            var half = BigInteger.One << (int)(drop - 1);
            var order = dropped.CompareTo(half);
            if (order > 0 || (order == 0 && !kept.IsEven)) kept += 1;
            magnitude = kept;
            exponent += drop;
            if (magnitude.GetBitLength() > MantissaBits)
            {
                magnitude >>= 1;
                exponent++;
            }
        }

        // A short magnitude may stand with an exponent beyond the greatest: what counts is its highest bit.
        if (magnitude.GetBitLength() + exponent > (long)ExponentMost + MantissaBits) return false;
        mantissa = (ulong)magnitude;
        exponentOut = (int)exponent;
        return true;
    }

    /// <summary>
    /// Rounds a decimal or hexadecimal number; false on overflow, and on a number that is not zero but rounds to it, as C's ERANGE.
    /// </summary>
    public bool TryRound(in FloatText text, out ulong mantissa, out int exponent)
    {
        mantissa = 0;
        exponent = 0;
        if (text.Digits.IsZero) return true;
        if (text.Form == FloatText.Kind.Hex)
            return TryRound(text.Digits, text.Exponent, out mantissa, out exponent) && mantissa != 0;

        // Cut off what is far out of range before powers of ten are computed for it: 2^n is 10^(0.30103 n).
        var highest = text.DigitCount + text.Exponent;
        if (highest > (0.3011 * (ExponentMost + MantissaBits)) + 2 || highest < (0.3011 * ExponentLeast) - 2) return false;
        if (text.Exponent >= 0)
            return TryRound(text.Digits * BigInteger.Pow(10, (int)text.Exponent), 0, out mantissa, out exponent);

        // Two bits more than a mantissa, then one that says whether anything was left over: enough to round rightly.
        var divisor = BigInteger.Pow(10, (int)-text.Exponent);
        var shift = (int)Math.Max(0, MantissaBits + 3 - (text.Digits.GetBitLength() - divisor.GetBitLength()));
        var quotient = BigInteger.DivRem(text.Digits << shift, divisor, out var left);
        quotient = (quotient << 1) | (left.IsZero ? 0 : 1);
        return TryRound(quotient, -shift - 1L, out mantissa, out exponent) && mantissa != 0;
    }
}
