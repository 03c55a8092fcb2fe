using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Hal.Cache.Storage.Memory;

/// <summary>
/// 64-bit hash of a key under a seed that differs for each process, or is a secret of the tree, so that nobody can choose keys that collide: 16 bytes a step,
/// folded by a 128-bit product, the construction of wyhash (Wang Yi, 2019).
/// </summary>
internal sealed class KeyHash(ulong? chosen = null)
{
    private const ulong First = 0xA0761D6478BD642F;
    private const ulong Second = 0xE7037ED1A0B428DB;

    private readonly ulong seed = chosen ?? MemoryMarshal.Read<ulong>(RandomNumberGenerator.GetBytes(sizeof(ulong)));

    public ulong Of(ReadOnlySpan<byte> key)
    {
        ulong state = seed ^ First;
        int length = key.Length;
        ReadOnlySpan<byte> rest = key;
        while (rest.Length > 16)
        {
            state = Mix(Read64(rest) ^ Second, Read64(rest[8..]) ^ state);
            rest = rest[16..];
        }

        ulong low, high;
        if (rest.Length >= 8)
        {
            low = Read64(rest);
            high = Read64(rest[^8..]);
        }
        else if (rest.Length >= 4)
        {
            low = BinaryPrimitives.ReadUInt32LittleEndian(rest);
            high = BinaryPrimitives.ReadUInt32LittleEndian(rest[^4..]);
        }
        else
        {
            low = rest.Length > 0 ? ((ulong)rest[0] << 16) | ((ulong)rest[rest.Length >> 1] << 8) | rest[^1] : 0;
            high = 0;
        }

        return Mix(Second ^ (ulong)length, Mix(low ^ Second, high ^ state) ^ First);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Read64(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt64LittleEndian(bytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mix(ulong a, ulong b)
    {
        ulong high = Math.BigMul(a, b, out ulong low);
        return high ^ low;
    }
}
