namespace Hal.Cache.Gateway.Strings;

/// <summary>
/// The longest common subsequence of two strings, with the choices that Redis makes where several are as long. Keeps one bit for each
/// pair of bytes (Redis: 32) and two rows of lengths.
/// </summary>
internal sealed class LcsTable
{
    /// <summary>Bytes that Redis's table has for each pair, which its limit is counted in.</summary>
    private const int RedisCellBytes = 4;

    private readonly byte[] first;
    private readonly byte[] second;

    /// <summary>A bit for each pair, set where the way back leads to the byte before in the first string; the longer string's byte is the row.</summary>
    private readonly ulong[] back;
    private readonly bool rowsAreSecond;
    private readonly int rowBits;

    private LcsTable(byte[] first, byte[] second)
    {
        this.first = first;
        this.second = second;
        rowsAreSecond = second.Length > first.Length;
        byte[] longer = rowsAreSecond ? second : first;
        byte[] shorter = rowsAreSecond ? first : second;
        rowBits = shorter.Length;
        back = new ulong[(((long)longer.Length * rowBits) + 63) >> 6];
        Length = Fill(longer, shorter);
    }

    /// <summary>Length of the subsequence, in bytes.</summary>
    public int Length { get; }

    /// <summary>Whether Redis's table for strings of these lengths stays within a number of bytes.</summary>
    public static bool Fits(long firstLength, long secondLength, long bytesMax) =>
        (UInt128)(firstLength + 1) * (UInt128)(secondLength + 1) * RedisCellBytes <= (UInt128)bytesMax;

    public static LcsTable Compute(byte[] first, byte[] second) => new(first, second);

    /// <summary>The subsequence.</summary>
    public byte[] Subsequence()
    {
        var text = new byte[Length];
        int at = Length;
        foreach (LcsMatch match in Matches())
        {
            at -= match.Length;
            first.AsSpan(match.First, match.Length).CopyTo(text.AsSpan(at));
        }

        return text;
    }

    /// <summary>The runs of bytes that the strings have in common, from the end to the start.</summary>
    public IEnumerable<LcsMatch> Matches()
    {
        int run = 0;
        int i = first.Length;
        int j = second.Length;
        while (i > 0 && j > 0)
        {
            if (first[i - 1] == second[j - 1])
            {
                run++;
                i--;
                j--;
                continue;
            }

            if (run > 0) yield return new(i, j, run);
            run = 0;
            if (LeadsBackInFirst(i - 1, j - 1)) i--;
            else j--;
        }

        if (run > 0) yield return new(i, j, run);
    }

    private int Fill(byte[] longer, byte[] shorter)
    {
        var above = new int[shorter.Length + 1];
        var row = new int[shorter.Length + 1];
        long bit = 0;
        foreach (byte wanted in longer)
        {
            for (int j = 0; j < shorter.Length; j++, bit++)
            {
                int fromAbove = above[j + 1];
                int fromLeft = row[j];
                row[j + 1] = shorter[j] == wanted ? above[j] + 1 : Math.Max(fromAbove, fromLeft);

                // Where both ways are as long, Redis goes back in the second string.
                if (rowsAreSecond ? fromLeft > fromAbove : fromAbove > fromLeft) back[bit >> 6] |= 1UL << (int)(bit & 63);
            }

            (above, row) = (row, above);
        }

        return above[shorter.Length];
    }

    private bool LeadsBackInFirst(int i, int j)
    {
        long bit = rowsAreSecond ? ((long)j * rowBits) + i : ((long)i * rowBits) + j;
        return (back[bit >> 6] & (1UL << (int)(bit & 63))) != 0;
    }
}
