namespace Hal.Cache.ControlPlane.Ownership;

/// <summary>Hash slots as Redis Cluster has them (CRC-16/XMODEM modulo 16,384, hash tags), and the records that they lie in.</summary>
public static class HashSlot
{
    public const int Count = 16_384;

    /// <summary>Slots of one ownership record.</summary>
    public const int PerRecord = 64;

    /// <summary>Ownership records of a tree: few enough for batches, many enough to spread.</summary>
    public const int Records = Count / PerRecord;

    private static readonly ushort[] Table = MakeTable();

    /// <summary>The slot of a key: of what is between its first '{' and the next '}', where that is not empty, else of all of it.</summary>
    public static int Of(ReadOnlySpan<byte> key)
    {
        var open = key.IndexOf((byte)'{');
        if (open >= 0)
        {
            var length = key[(open + 1)..].IndexOf((byte)'}');
            if (length > 0) key = key.Slice(open + 1, length);
        }

        uint crc = 0;
        foreach (var b in key) crc = (crc << 8) ^ Table[(byte)((crc >> 8) ^ b)];
        return (int)(crc & (Count - 1));
    }

    public static int Record(int slot) => slot / PerRecord;

    private static ushort[] MakeTable()
    {
        var table = new ushort[256];
        for (var value = 0; value < table.Length; value++)
        {
            var crc = value << 8;
            for (var bit = 0; bit < 8; bit++) crc = (crc << 1) ^ ((crc & 0x8000) != 0 ? 0x1021 : 0);
            table[value] = (ushort)crc;
        }
        return table;
    }
}
