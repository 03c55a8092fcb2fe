using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Hal.Cache.Contracts;

/// <summary>The checksum of records in logs and of pieces on the wire: CRC-32C (RFC 3720, appendix B.4), at about the speed of a memory copy.</summary>
public static class Crc32C
{
    // The instruction has a latency of 3 cycles and a throughput of 1, so three lanes run side by side. Joining them needs each lane's
    // CRC moved past the bytes of the lanes behind it: a linear map, held as four tables of 256 for each lane length.
    private const int LongLane = 2048;
    private const int ShortLane = 256;
    private static readonly uint[] LongShift = ShiftTables(LongLane);
    private static readonly uint[] ShortShift = ShiftTables(ShortLane);

    /// <summary>The checksum of <paramref name="bytes"/> after a part whose checksum was <paramref name="crc"/>; 0 for the first part.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        ref var at = ref MemoryMarshal.GetReference(bytes);
        var left = bytes.Length;
        crc = ~crc;
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
}
