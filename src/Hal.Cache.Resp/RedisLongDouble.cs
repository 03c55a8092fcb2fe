using System.Globalization;
using System.Numerics;

namespace Hal.Cache.Resp;

/// <summary>
/// A number of the x87's 80-bit format, which Redis on x86-64 computes INCRBYFLOAT and HINCRBYFLOAT with; sums and texts come out
/// bit for bit as there, on every processor.
/// </summary>
public readonly struct RedisLongDouble : IEquatable<RedisLongDouble>
{
    /// <summary>Longest text that is written or read, in bytes; Redis's buffer of 5 KiB has room for one byte less.</summary>
    public const int BytesMax = (5 * 1024) - 1;

    // Redis prints %.17Lf and drops the zeros at the end.
    private const int FractionDigits = 17;

    private static readonly BigInteger FractionScale = BigInteger.Pow(10, FractionDigits);

    private readonly bool negative;
    private readonly ulong mantissa;
    private readonly int exponent;

    private RedisLongDouble(bool negative, ulong mantissa, int exponent, bool infinite = false)
    {
        this.negative = negative;
        this.mantissa = mantissa;
        this.exponent = exponent;
        IsInfinite = infinite;
    }

    /// <summary>Whether this is an infinity, which may be read but is no result that Redis stores.</summary>
    public bool IsInfinite { get; }

    /// <summary>The integer, which the format holds exactly.</summary>
    public static RedisLongDouble From(long value) => new(value < 0, value < 0 ? (ulong)-(Int128)value : (ulong)value, 0);

    /// <summary>
    /// Reads a number in whole, in the syntax of C's strtold (decimal, hexadecimal, inf); false with anything around it, for nan, over
    /// <see cref="BytesMax"/>, and for what overflows or is not zero but rounds to it.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out RedisLongDouble value)
    {
        value = default;
        if (text.Length > BytesMax || !FloatText.TryParse(text, out var parts)) return false;
        if (parts.Form == FloatText.Kind.Infinity)
        {
            value = new RedisLongDouble(parts.Negative, 0, 0, infinite: true);
            return true;
        }

        if (!BinaryRounding.Extended.TryRound(parts, out var mantissa, out var exponent)) return false;
        value = new RedisLongDouble(parts.Negative, mantissa, exponent);
        return true;
    }

    /// <summary>Adds and rounds once; false when the sum is not finite.</summary>
    public static bool TryAdd(RedisLongDouble left, RedisLongDouble right, out RedisLongDouble sum)
    {
        sum = default;
        if (left.IsInfinite || right.IsInfinite) return false;
        var lowest = Math.Min(left.exponent, right.exponent);
        var exact = left.Scaled(lowest) + right.Scaled(lowest);
        if (!BinaryRounding.Extended.TryRound(BigInteger.Abs(exact), lowest, out var mantissa, out var exponent)) return false;
        sum = new RedisLongDouble(exact.Sign < 0, mantissa, exponent);
        return true;
    }

    /// <summary>
    /// Writes the number with up to 17 digits after the point, without an exponent, and returns the length; the target has at least
    /// <see cref="BytesMax"/> bytes.
    /// </summary>
    public int Format(Span<byte> target)
    {
        if (IsInfinite)
        {
            (negative ? "-inf"u8 : "inf"u8).CopyTo(target);
            return negative ? 4 : 3;
        }

        var scaled = ScaledFraction();
        if (scaled.IsZero)
        {
            target[0] = (byte)'0';
            return 1;
        }

        var at = 0;
        if (negative) target[at++] = (byte)'-';
        var whole = BigInteger.DivRem(scaled, FractionScale, out var fraction);
        Write(whole, "D", target, ref at);
        if (fraction.IsZero) return at;
        target[at++] = (byte)'.';
        Write(fraction, "D17", target, ref at);
        while (target[at - 1] == (byte)'0') at--;
        return at;
    }

    public bool Equals(RedisLongDouble other) =>
        IsInfinite == other.IsInfinite && (IsInfinite
            ? negative == other.negative
            : Scaled(Math.Min(exponent, other.exponent)) == other.Scaled(Math.Min(exponent, other.exponent)));

    public override bool Equals(object? obj) => obj is RedisLongDouble other && Equals(other);

    public override int GetHashCode()
    {
        // Equal numbers may differ in mantissa and exponent, but not once the zeros are shifted out.
        var zeros = BitOperations.TrailingZeroCount(mantissa);
        return mantissa == 0 ? IsInfinite.GetHashCode() : HashCode.Combine(negative, mantissa >> zeros, exponent + zeros);
    }

    public override string ToString()
    {
        Span<byte> text = stackalloc byte[BytesMax];
        return System.Text.Encoding.ASCII.GetString(text[..Format(text)]);
    }

    public static bool operator ==(RedisLongDouble left, RedisLongDouble right) => left.Equals(right);

    public static bool operator !=(RedisLongDouble left, RedisLongDouble right) => !left.Equals(right);

    private BigInteger Scaled(int lowest)
    {
        if (mantissa == 0) return BigInteger.Zero;
        var magnitude = (BigInteger)mantissa << (exponent - lowest);
        return negative ? -magnitude : magnitude;
    }

    // The magnitude times 10^17, rounded to an integer as the C library rounds: to nearest, ties to even.
    private BigInteger ScaledFraction()
    {
        var exact = mantissa * FractionScale;
        if (exponent >= 0) return exact << exponent;
        if (-exponent > exact.GetBitLength() + 1) return BigInteger.Zero;
        var kept = exact >> -exponent;
        var order = (exact - (kept << -exponent)).CompareTo(BigInteger.One << (-exponent - 1));
        return order > 0 || (order == 0 && !kept.IsEven) ? kept + 1 : kept;
    }

    private static void Write(BigInteger value, string format, Span<byte> target, ref int at)
    {
        // BigInteger writes characters, not bytes; all of them are digits.
        var digits = value.ToString(format, CultureInfo.InvariantCulture);
        at += System.Text.Encoding.ASCII.GetBytes(digits, target[at..]);
    }
}
