using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Hal.Cache.Contracts;

/// <summary>The checksum of records in logs and of pieces on the wire: CRC-32C (RFC 3720, appendix B.4), at about the speed of a memory copy.</summary>
public static class Crc32C
{
    private const uint Polynomial = 0x82F6_3B78;

    // The instruction has a latency of 3 cycles and a throughput of 1, so three lanes run side by side. Joining them needs each lane's
    // CRC moved past the bytes of the lanes behind it: a linear map, held as four tables of 256 for each lane length.
    private const int LongLane = 2048;
    private const int ShortLane = 256;
    private static readonly uint[] LongShift = ShiftTables(LongLane);
    private static readonly uint[] ShortShift = ShiftTables(ShortLane);

    // Where the processor multiplies without carries in vectors of 512 bits, four of them are folded over the bytes (Gopal et al., "Fast CRC Computation for
    // Generic Polynomials Using PCLMULQDQ Instruction", Intel 2009), which leaves 256 bytes that have the same remainder.
    private const int FoldedBytes = 4 * 64;
    private const int FoldedBytesMin = 4 * FoldedBytes;
    private static readonly Vector512<ulong> Fold = Vector512.Create(Vector256.Create(Vector128.Create(PowerOfX((8 * FoldedBytes) + 63), PowerOfX((8 * FoldedBytes) - 1))));

    /// <summary>The checksum of <paramref name="bytes"/> after a part whose checksum was <paramref name="crc"/>; 0 for the first part.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        ref var at = ref MemoryMarshal.GetReference(bytes);
        var left = bytes.Length;
        crc = ~crc;
        if (Pclmulqdq.V512.IsSupported && left >= FoldedBytesMin)
        {
            crc = Folded(crc, ref at, ref left);
            at = ref Unsafe.Add(ref MemoryMarshal.GetReference(bytes), bytes.Length - left);
        }

        crc = Lanes(crc, ref at, ref left, LongLane, LongShift);
        at = ref Unsafe.Add(ref MemoryMarshal.GetReference(bytes), bytes.Length - left);
        crc = Lanes(crc, ref at, ref left, ShortLane, ShortShift);
        at = ref Unsafe.Add(ref MemoryMarshal.GetReference(bytes), bytes.Length - left);
        for (; left >= sizeof(ulong); left -= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, Unsafe.ReadUnaligned<ulong>(ref at));
            at = ref Unsafe.Add(ref at, sizeof(ulong));
        }

        for (; left > 0; left--)
        {
            crc = BitOperations.Crc32C(crc, at);
            at = ref Unsafe.Add(ref at, 1);
        }

        return ~crc;
    }

    /// <summary>The checksum of two parts together, from the checksum of each and the length of the second, without their bytes.</summary>
    public static uint Join(uint first, uint second, long secondBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(secondBytes);
        // Bytes behind the first part multiply its remainder by x to eight times their number.
        var power = 3;
        for (; secondBytes > 0; secondBytes >>= 1, power++)
        {
            if ((secondBytes & 1) != 0)
                first = Product(first, Squares.Of[power]);
        }

        return first ^ second;
    }

    // Of two remainders, their coefficients in reflected order: the highest bit is that of x to the power of 0.
    private static uint Product(uint a, uint b)
    {
        uint product = 0;
        for (; a != 0; a <<= 1)
        {
            product ^= (uint)((int)a >> 31) & b;
            b = (b >> 1) ^ ((b & 1) * Polynomial);
        }

        return product;
    }

    // A method of its own, with all that its loop calls in it: inlined into a caller together with the rest of that, the sums of the loop went through memory (perf, an instance that passes on a large object: 3 to 9 % of its time, as it is now 1 to 2).
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static uint Folded(uint crc, ref byte at, ref int left)
    {
        Vector512<ulong> a = Load(ref at, 0) ^ Vector512.CreateScalar((ulong)crc), b = Load(ref at, 1), c = Load(ref at, 2), d = Load(ref at, 3);
        for (left -= FoldedBytes; left >= FoldedBytes; left -= FoldedBytes)
        {
            at = ref Unsafe.Add(ref at, FoldedBytes);
            a = Next(a, ref at, 0);
            b = Next(b, ref at, 1);
            c = Next(c, ref at, 2);
            d = Next(d, ref at, 3);
        }

        return Words(Words(Words(Words(0, a), b), c), d);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Load(ref byte at, nuint index) => Vector512.LoadUnsafe(ref at, index * 64).AsUInt64();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Next(Vector512<ulong> folded, ref byte at, nuint index) =>
        Pclmulqdq.V512.CarrylessMultiply(folded, Fold, 0x00) ^ Pclmulqdq.V512.CarrylessMultiply(folded, Fold, 0x11) ^ Load(ref at, index);

    private static uint Words(uint crc, Vector512<ulong> words)
    {
        for (var i = 0; i < Vector512<ulong>.Count; i++)
            crc = BitOperations.Crc32C(crc, words[i]);
        return crc;
    }

    // x to this power modulo the polynomial, its coefficients in reflected order: a product of two such words has one factor of x more.
    private static ulong PowerOfX(int power)
    {
        var remainder = 0x8000_0000u;
        for (; power > 0; power--)
            remainder = (remainder >> 1) ^ ((remainder & 1) * Polynomial);
        return (ulong)remainder << 32;
    }

    private static uint Lanes(uint crc, ref byte at, ref int left, int lane, uint[] shift)
    {
        while (left >= 3 * lane)
        {
            uint second = 0, third = 0;
            ref var end = ref Unsafe.Add(ref at, lane);
            for (; Unsafe.IsAddressLessThan(ref at, ref end); at = ref Unsafe.Add(ref at, sizeof(ulong)))
            {
                crc = BitOperations.Crc32C(crc, Unsafe.ReadUnaligned<ulong>(ref at));
                second = BitOperations.Crc32C(second, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref at, lane)));
                third = BitOperations.Crc32C(third, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref at, 2 * lane)));
            }

            crc = Shift(shift, Shift(shift, crc) ^ second) ^ third;
            at = ref Unsafe.Add(ref end, 2 * lane);
            left -= 3 * lane;
        }

        return crc;
    }

    private static uint Shift(uint[] tables, uint crc) =>
        tables[crc & 0xff] ^ tables[256 + ((crc >> 8) & 0xff)] ^ tables[512 + ((crc >> 16) & 0xff)] ^ tables[768 + (crc >> 24)];

    // The map is linear: what it does to each of 32 bits says what it does to any value.
    private static uint[] ShiftTables(int zeros)
    {
        var basis = new uint[32];
        for (var bit = 0; bit < 32; bit++)
        {
            var crc = 1u << bit;
            for (var i = 0; i < zeros; i += sizeof(ulong))
                crc = BitOperations.Crc32C(crc, 0UL);
            basis[bit] = crc;
        }

        var tables = new uint[4 * 256];
        for (var table = 0; table < 4; table++)
            for (var value = 0; value < 256; value++)
                for (var bit = 0; bit < 8; bit++)
                    if ((value >> bit & 1) != 0)
                        tables[table * 256 + value] ^= basis[table * 8 + bit];
        return tables;
    }

    private static class Squares
    {
        /// <summary>x to the power of 1, 2, 4 and so on.</summary>
        public static readonly uint[] Of = Make();

        private static uint[] Make()
        {
            var powers = new uint[64 + 3];
            powers[0] = 1u << 30;
            for (var i = 1; i < powers.Length; i++)
                powers[i] = Product(powers[i - 1], powers[i - 1]);
            return powers;
        }
    }
}
