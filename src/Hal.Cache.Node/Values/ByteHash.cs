using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Hal.Cache.Node.Values;

/// <summary>
/// Hashes of byte strings, keyed by chance at each start, so that nobody can choose strings that collide. Multiply-and-fold over 16 bytes at a time,
/// after wyhash (Wang Yi, public domain).
/// </summary>
internal static class ByteHash
{
    private static readonly ulong Seed = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(8));
    private static readonly ulong Key = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(8)) | 1;

    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        ulong state = Seed ^ (ulong)bytes.Length;
        while (bytes.Length > 16)
        {
            state = Fold(BinaryPrimitives.ReadUInt64LittleEndian(bytes) ^ Key, BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]) ^ state);
            bytes = bytes[16..];
        }

        ulong first, second = 0;
        if (bytes.Length >= 8)
        {
            first = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            second = BinaryPrimitives.ReadUInt64LittleEndian(bytes[^8..]);
        }
        else if (bytes.Length >= 4)
        {
            first = BinaryPrimitives.ReadUInt32LittleEndian(bytes) | ((ulong)BinaryPrimitives.ReadUInt32LittleEndian(bytes[^4..]) << 32);
        }
        else
        {
            first = bytes.IsEmpty ? 0 : bytes[0] | ((ulong)bytes[bytes.Length / 2] << 8) | ((ulong)bytes[^1] << 16);
        }

        ulong hash = Fold(first ^ Key, second ^ state);
        hash = Fold(hash ^ Seed, Key ^ 0x9E37_79B9_7F4A_7C15);
        return (uint)(hash >> 32) ^ (uint)hash;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Fold(ulong a, ulong b)
    {
        ulong high = Math.BigMul(a, b, out ulong low);
        return high ^ low;
    }
}
