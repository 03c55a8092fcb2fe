using System.Buffers.Binary;

namespace Hal.Cache.ControlPlane.Content;

/// <summary>64-bit hashes of keys and of a copy; the digest of a set of copies is the wrapping sum of theirs.</summary>
/// <remarks>
/// The same on every machine and in every process, since both ends of a repair compute it. Multiply-and-fold after wyhash (Wang Yi, public
/// domain). Keys made to collide can only hide a copy from a repair, which costs a route, never a read.
/// </remarks>
public static class EntryDigest
{
    private const ulong K0 = 0x9E3779B97F4A7C15;
    private const ulong K1 = 0xD1B54A32D192ED03;
    private const ulong K2 = 0x8CB92BA72F3D8DD7;

    public static ulong OfKey(ReadOnlySpan<byte> key, int database)
    {
        var hash = Fold(K0 ^ (uint)database, K1 ^ (uint)key.Length);
        while (key.Length >= sizeof(ulong))
        {
            hash = Fold(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(key), K1);
            key = key[sizeof(ulong)..];
        }

        ulong rest = 0;
        foreach (var b in key) rest = (rest << 8) | b;
        return Fold(hash ^ rest, K2);
    }

    /// <summary>One copy's part in a digest.</summary>
    public static ulong Of(ulong keyHash, long sizeBytes, long version) => Fold(Fold(keyHash ^ K1, (ulong)sizeBytes ^ K0) ^ K2, (ulong)version ^ K1);

    private static ulong Fold(ulong left, ulong right)
    {
        var high = Math.BigMul(left, right, out ulong low);
        return high ^ low;
    }
}
