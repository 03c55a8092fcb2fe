using System.Buffers;

namespace Hal.Cache.Resp;

/// <summary>
/// The LZF format, in which Redis keeps compressible strings of its DUMP payloads: runs of literals, and references back to bytes
/// that are out already.
/// </summary>
/// <remarks>
/// A control byte below 32 is followed by that many literals and one more. In any other, the upper three bits are a reference's length
/// less 2, or 7 when a byte that is to be added follows; the lower five bits and the next byte are its distance less 1.
/// </remarks>
public static class Lzf
{
    private const int LiteralsMax = 32;
    private const int DistanceMax = 8192;
    private const int LengthMax = 7 + 255 + 2;
    private const int LengthLeast = 3;
    private const int SlotBits = 16;

    /// <summary>
    /// Compresses and returns the compressed length, or 0 when it does not fit the target; with the same choices as Redis, so that
    /// payloads are equal byte for byte.
    /// </summary>
    public static int Compress(ReadOnlySpan<byte> source, Span<byte> target)
    {
        if (source.IsEmpty || target.IsEmpty) return 0;

        // The place after the last position of each three bytes' hash; 0 is none.
        var slots = ArrayPool<int>.Shared.Rent(1 << SlotBits);
        try
        {
            slots.AsSpan(0, 1 << SlotBits).Clear();
            return Compress(source, target, slots);
        }
        finally
        {
            ArrayPool<int>.Shared.Return(slots);
        }
    }

    /// <summary>
    /// Decompresses into the target, which has exactly the length of the content; false when the source is malformed or of another
    /// length.
    /// </summary>
    public static bool TryDecompress(ReadOnlySpan<byte> source, Span<byte> target)
    {
        int from = 0, to = 0;
        while (from < source.Length)
        {
            int control = source[from++];
            if (control < LiteralsMax)
            {
                var count = control + 1;
                if (count > source.Length - from || count > target.Length - to) return false;
                source.Slice(from, count).CopyTo(target[to..]);
                from += count;
                to += count;
                continue;
            }

            var length = control >> 5;
            if (length == 7)
            {
                if (from == source.Length) return false;
                length += source[from++];
            }

            length += 2;
            if (from == source.Length) return false;
            var back = (((control & 31) << 8) | source[from++]) + 1;
            if (back > to || length > target.Length - to) return false;
            Repeat(target, to, back, length);
            to += length;
        }

        return to == target.Length;
    }

    private static int Compress(ReadOnlySpan<byte> source, Span<byte> target, int[] slots)
    {
        int at = 0, run = 0, literals = 0; // run: where the control byte of the current literals is
        var to = 1;
        while (at < source.Length - 2)
        {
            ref var slot = ref slots[Slot(source, at)];
            var candidate = slot - 1;
            slot = at + 1;

            // Position 0 is never referred to, in Redis neither.
            if (candidate > 0 && at - candidate <= DistanceMax
                && source.Slice(candidate, LengthLeast).SequenceEqual(source.Slice(at, LengthLeast)))
            {
                var most = LengthMost(source.Length - at);
                var length = source.Slice(at, most).CommonPrefixLength(source[candidate..]);

                // A run without literals gives its control byte back.
                if (literals == 0) to = run;
                else target[run] = (byte)(literals - 1);
                if (to + 4 >= target.Length) return 0;
                to += WriteReference(target[to..], length, at - candidate - 1);
                run = to++;
                literals = 0;
                at += length;

                // Of the bytes that a reference covers, Redis makes only the last two findable.
                if (at >= source.Length - 2) break;
                slots[Slot(source, at - 2)] = at - 1;
                slots[Slot(source, at - 1)] = at;
                continue;
            }

            if (!TryLiteral(source[at++], target, ref to, ref run, ref literals)) return 0;
        }

        if (to + 3 > target.Length) return 0;
        while (at < source.Length)
        {
            if (!TryLiteral(source[at++], target, ref to, ref run, ref literals)) return 0;
        }

        if (literals == 0) return run;
        target[run] = (byte)(literals - 1);
        return to;
    }

    // Redis's references stop two bytes before the end, but neither short of the least length, nor of 19 where so many are left.
    private static int LengthMost(int left) => left >= 19 ? Math.Clamp(left - 2, 19, LengthMax) : Math.Max(LengthLeast, left - 2);

    private static bool TryLiteral(byte value, Span<byte> target, ref int to, ref int run, ref int literals)
    {
        if (to >= target.Length) return false;
        target[to++] = value;
        if (++literals < LiteralsMax) return true;
        target[run] = LiteralsMax - 1;
        run = to++;
        literals = 0;
        return true;
    }

    private static int WriteReference(Span<byte> target, int length, int distance)
    {
        var code = length - 2;
        var at = 0;
        if (code < 7)
        {
            target[at++] = (byte)((code << 5) | (distance >> 8));
        }
        else
        {
            target[at++] = (byte)((7 << 5) | (distance >> 8));
            target[at++] = (byte)(code - 7);
        }

        target[at++] = (byte)distance;
        return at;
    }

    // A reference may reach into the bytes that it makes: it then repeats a pattern.
    private static void Repeat(Span<byte> target, int to, int back, int length)
    {
        if (back >= length)
        {
            target.Slice(to - back, length).CopyTo(target[to..]);
            return;
        }

        for (var i = to; i < to + length; i++) target[i] = target[i - back];
    }

    // Which positions are forgotten for which others decides what is compressed how, so this is the hash that Redis's LZF is built with.
    private static int Slot(ReadOnlySpan<byte> source, int at)
    {
        var three = (source[at] << 16) | (source[at + 1] << 8) | source[at + 2];
        return ((three >> (24 - SlotBits)) - (three * 5)) & ((1 << SlotBits) - 1);
    }
}
