using System.Buffers.Binary;

namespace Hal.Cache.Gateway.HyperLogLogs;

/// <summary>
/// The registers of a HyperLogLog (Flajolet et al., 2007), read from and written as Redis's string: a header of 16 bytes, then runs of registers, or 6 bits for
/// each. Counting is by Ertl's improved estimator (2017).
/// </summary>
internal sealed class Registers
{
    private const int Count = 1 << IndexBits;
    private const int IndexBits = 14;
    private const int RankMax = 64 - IndexBits + 1;
    private const int HeaderBytes = 16;
    private const int DenseBytes = HeaderBytes + (Count * 6 / 8);
    private const int SparseValueMax = 32;
    private const byte Dense = 0, Sparse = 1;
    private const byte Stale = 0x80; // in the last byte of the cached count
    private const double AlphaInfinite = 0.721347520444481703680;
    private const ulong HashSeed = 0xadc83b19;
    private readonly byte[] values = new byte[Count];

    /// <summary>True where the string had, or has to have, 6 bits for each register.</summary>
    public bool IsDense { get; set; }

    /// <summary>What a sparse string has behind its last register; it is corrupt where that is anything.</summary>
    public byte[] Trailing { get; private set; } = [];

    /// <summary>The highest rank seen for each index.</summary>
    public ReadOnlySpan<byte> Values => values;

    /// <summary>Reads the string; false where its header is wrong. <paramref name="isCorrupt"/> tells of what follows it.</summary>
    public static bool TryRead(ReadOnlySpan<byte> text, out Registers registers, out bool isCorrupt)
    {
        registers = new Registers();
        isCorrupt = false;
        if (text.Length < HeaderBytes || !text[..4].SequenceEqual("HYLL"u8) || text[4] > Sparse) return false;
        if (text[4] == Dense)
        {
            if (text.Length != DenseBytes) return false;
            registers.IsDense = true;
            registers.ReadDense(text[HeaderBytes..]);
            return true;
        }

        isCorrupt = !registers.TryReadSparse(text[HeaderBytes..]);
        return true;
    }

    /// <summary>The count that a string has in its header, which is valid; false where it is stale.</summary>
    public static bool TryCachedCount(ReadOnlySpan<byte> text, out long count)
    {
        ulong cached = text.Length < HeaderBytes ? ulong.MaxValue : BinaryPrimitives.ReadUInt64LittleEndian(text[(HeaderBytes - sizeof(ulong))..]);
        count = (long)cached;
        return cached >> 56 < Stale;
    }

    /// <summary>The string with a count in its header.</summary>
    public static byte[] WithCount(ReadOnlySpan<byte> text, long count)
    {
        byte[] counted = text.ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(counted.AsSpan(HeaderBytes - sizeof(long)), count);
        return counted;
    }

    /// <summary>Adds an element; true where a register rose.</summary>
    public bool Add(ReadOnlySpan<byte> element)
    {
        ulong hash = Murmur(element, HashSeed);
        int index = (int)(hash & (Count - 1));
        byte rank = (byte)(System.Numerics.BitOperations.TrailingZeroCount((hash >> IndexBits) | (1UL << (64 - IndexBits))) + 1);
        if (values[index] >= rank) return false;
        values[index] = rank;
        return true;
    }

    /// <summary>Takes the higher of each pair of registers.</summary>
    public void Merge(Registers other)
    {
        IsDense |= other.IsDense;
        for (int i = 0; i < Count; i++) values[i] = Math.Max(values[i], other.values[i]);
    }

    /// <summary>The estimate of how many different elements were added.</summary>
    public long Estimate()
    {
        Span<int> histogram = stackalloc int[64];
        histogram.Clear();
        foreach (byte value in values) histogram[value]++;
        double z = Count * Tau((Count - histogram[RankMax]) / (double)Count);
        for (int rank = RankMax - 1; rank >= 1; rank--) z = (z + histogram[rank]) * 0.5;
        z += Count * Sigma(histogram[0] / (double)Count);
        return (long)Math.Round(AlphaInfinite * Count * Count / z, MidpointRounding.AwayFromZero);
    }

    /// <summary>The string, sparse up to so many bytes, with its trailing ones if so; its cached count is marked as stale.</summary>
    public byte[] Write(int sparseBytesMax)
    {
        byte[]? sparse = IsDense ? null : WriteSparse(sparseBytesMax - Trailing.Length);
        byte[] text = sparse ?? WriteDense();
        "HYLL"u8.CopyTo(text);
        text[4] = sparse is null ? Dense : Sparse;
        text[HeaderBytes - 1] = Stale;
        return text;
    }

    /// <summary>Whether <see cref="Write"/> gives a sparse string.</summary>
    public bool FitsSparse(int sparseBytesMax) => !IsDense && WriteSparse(sparseBytesMax - Trailing.Length) is not null;

    /// <summary>The runs of a sparse string as PFDEBUG DECODE names them: z and Z for zeros with their count, v for a value and how often it comes.</summary>
    public static string Decode(ReadOnlySpan<byte> text)
    {
        var runs = new List<string>();
        ReadOnlySpan<byte> bytes = text[HeaderBytes..];
        for (int at = 0; at < bytes.Length; at++)
        {
            byte code = bytes[at];
            if (code >= 0x80) runs.Add($"v:{((code >> 2) & 31) + 1},{(code & 3) + 1}");
            else if (code < 0x40) runs.Add($"z:{code + 1}");
            else runs.Add($"Z:{(((code & 63) << 8) | bytes[++at]) + 1}");
        }

        return string.Join(' ', runs);
    }

    private void ReadDense(ReadOnlySpan<byte> bytes)
    {
        for (int i = 0; i < Count; i++)
        {
            int bit = i * 6, at = bit >> 3, shift = bit & 7;
            int pair = bytes[at] | (at + 1 < bytes.Length ? bytes[at + 1] << 8 : 0);
            values[i] = (byte)((pair >> shift) & 63);
        }
    }

    private byte[] WriteDense()
    {
        byte[] text = new byte[DenseBytes];
        Span<byte> bytes = text.AsSpan(HeaderBytes);
        for (int i = 0; i < Count; i++)
        {
            int bit = i * 6, at = bit >> 3, shifted = values[i] << (bit & 7);
            bytes[at] |= (byte)shifted;
            if (shifted > 255) bytes[at + 1] |= (byte)(shifted >> 8);
        }

        return text;
    }

    // 00nnnnnn: n+1 zeros. 01nnnnnn nnnnnnnn: n+1 zeros. 1vvvvvnn: n+1 registers of v+1.
    private bool TryReadSparse(ReadOnlySpan<byte> bytes)
    {
        int index = 0;
        for (int at = 0; at < bytes.Length; at++)
        {
            byte code = bytes[at];
            int run, value = 0;
            if (code >= 0x80) (run, value) = ((code & 3) + 1, ((code >> 2) & 31) + 1);
            else if (code < 0x40) run = code + 1;
            else if (++at < bytes.Length) run = (((code & 63) << 8) | bytes[at]) + 1;
            else return false;
            if (run > Count - index) return false;
            values.AsSpan(index, run).Fill((byte)value);
            index += run;
            if (index < Count) continue;
            Trailing = bytes[(at + 1)..].ToArray();
            return Trailing.Length == 0;
        }

        return false;
    }

    // Null where it would be longer than the limit, header included, or can't hold a value; without any value it is sparse under every limit.
    private byte[]? WriteSparse(int bytesMax)
    {
        var bytes = new List<byte>(new byte[HeaderBytes]);
        bool hasValues = values.AsSpan().ContainsAnyExcept((byte)0);
        for (int index = 0; index < Count;)
        {
            byte value = values[index];
            if (value > SparseValueMax) return null;
            int most = value == 0 ? Count : 4, run = 1;
            while (run < most && index + run < Count && values[index + run] == value) run++;
            if (value > 0)
            {
                bytes.Add((byte)(0x80 | ((value - 1) << 2) | (run - 1)));
            }
            else if (run <= 64)
            {
                bytes.Add((byte)(run - 1));
            }
            else
            {
                bytes.Add((byte)(0x40 | ((run - 1) >> 8)));
                bytes.Add((byte)(run - 1));
            }

            if (hasValues && bytes.Count > bytesMax) return null;
            index += run;
        }

        bytes.AddRange(Trailing);
        return [.. bytes];
    }

    private static double Tau(double x)
    {
        if (x is 0 or 1) return 0;
        double y = 1, z = 1 - x, before;
        do
        {
            x = Math.Sqrt(x);
            before = z;
            y *= 0.5;
            z -= Math.Pow(1 - x, 2) * y;
        }
        while (before != z);
        return z / 3;
    }

    private static double Sigma(double x)
    {
        if (x == 1) return double.PositiveInfinity;
        double y = 1, z = x, before;
        do
        {
            x *= x;
            before = z;
            z += x * y;
            y += y;
        }
        while (before != z);
        return z;
    }

    // MurmurHash64A (Austin Appleby, public domain), the hash that the format is defined by.
    private static ulong Murmur(ReadOnlySpan<byte> bytes, ulong seed)
    {
        const ulong Factor = 0xc6a4a7935bd1e995;
        ulong hash = seed ^ unchecked((ulong)bytes.Length * Factor);
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            ulong word = unchecked(BinaryPrimitives.ReadUInt64LittleEndian(bytes) * Factor);
            word = unchecked((word ^ (word >> 47)) * Factor);
            hash = unchecked((hash ^ word) * Factor);
        }

        if (bytes.Length > 0)
        {
            for (int i = 0; i < bytes.Length; i++) hash ^= (ulong)bytes[i] << (8 * i);
            hash = unchecked(hash * Factor);
        }

        hash = unchecked((hash ^ (hash >> 47)) * Factor);
        return hash ^ (hash >> 47);
    }
}
