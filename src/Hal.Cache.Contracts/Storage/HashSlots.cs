namespace Hal.Cache.Contracts.Storage;

/// <summary>Hash slots as Redis Cluster has them: CRC-16/XMODEM modulo 16,384 of a key, or of its hash tag.</summary>
public static class HashSlots
{
    /// <summary>Slots are numbered from 0 to one below this.</summary>
    public const int Count = 16_384;

    private static readonly ushort[] Table = MakeTable();

    /// <summary>The slot of a key: of what is between its first '{' and the next '}', where that is not empty, else of all of it.</summary>
    public static int Of(ReadOnlySpan<byte> key)
    {
        int open = key.IndexOf((byte)'{');
        if (open >= 0)
        {
            int length = key[(open + 1)..].IndexOf((byte)'}');
            if (length > 0)
                key = key.Slice(open + 1, length);
        }

        uint crc = 0;
        foreach (byte each in key)
            crc = (crc << 8) ^ Table[(byte)((crc >> 8) ^ each)];
        return (int)(crc & (Count - 1));
    }

    private static ushort[] MakeTable()
    {
        var table = new ushort[256];
        for (int value = 0; value < table.Length; value++)
        {
            int crc = value << 8;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc << 1) ^ ((crc & 0x8000) != 0 ? 0x1021 : 0);
            table[value] = (ushort)crc;
        }

        return table;
    }
}
