namespace Hal.Cache.Resp;

/// <summary>CRC-16/XMODEM, and the cluster's hash slots, which are made from it.</summary>
public static class Crc16
{
    /// <summary>Hash slots of a cluster; slots are numbered from 0.</summary>
    public const int SlotCount = 16_384;

    private const int Polynomial = 0x1021;

    private static readonly ushort[] Table = MakeTable();

    /// <summary>The checksum of the bytes.</summary>
    public static ushort Compute(ReadOnlySpan<byte> bytes)
    {
        var crc = 0;
        foreach (var b in bytes) crc = (crc << 8) ^ Table[(byte)(crc >> 8) ^ b];
        return (ushort)crc;
    }

    /// <summary>
    /// The slot of a key: of the part between its first '{' and the next '}', where there is one and it is not empty, else of all of
    /// it.
    /// </summary>
    public static int HashSlot(ReadOnlySpan<byte> key)
    {
        var open = key.IndexOf((byte)'{');
        if (open >= 0)
        {
            var tag = key[(open + 1)..];
            var close = tag.IndexOf((byte)'}');
            if (close > 0) key = tag[..close];
        }

        return Compute(key) % SlotCount;
    }

    private static ushort[] MakeTable()
    {
        var table = new ushort[256];
        for (var i = 0; i < table.Length; i++)
        {
            var crc = i << 8;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 0x8000) != 0 ? (crc << 1) ^ Polynomial : crc << 1;
            table[i] = (ushort)crc;
        }

        return table;
    }
}
