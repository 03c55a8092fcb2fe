using Microsoft.Win32.SafeHandles;

namespace Hal.Cache.Storage.Log;

/// <summary>
/// Writes long runs of chunks past the page cache (O_DIRECT), or through it where that took much less time lately; the other way is tried now and
/// then. For one thread. Where the file system can't do without its cache, everything goes through it.
/// </summary>
/// <remarks>
/// Through the cache a write costs a copy, and memory that the system has to find first; around it, the time of the disk. Which is less depends on
/// both, and changes: a cache full of what the disk has not taken yet makes its writers wait. Small records stay in the cache, where they are
/// read without waiting.
/// </remarks>
internal sealed unsafe class BulkWrites(TimeProvider time) : IDisposable
{
    /// <summary>Shorter writes go through the cache.</summary>
    public const int BytesMin = 1 << 20;

    /// <summary>What a direct write has to be a multiple of, in its place in the file, its length, and in memory: FASTER's pages are.</summary>
    private const int Alignment = LogDevice.SectorBytes;

    /// <summary>One write in so many goes the way that is not preferred, times how much longer that one took, up to <see cref="TriedGrowthMax"/>.</summary>
    private const int TriedEvery = 32;

    private const double TriedGrowthMax = 8;

    /// <summary>How much longer a direct write may take: what the cache has taken is still to be written, and its copy costs a processor.</summary>
    private const double DirectWorth = 3;

    /// <summary>What a new measurement counts for, the ones before it for the rest.</summary>
    private const double NewWeight = 0.25;

    /// <summary>Part of a write that other records than chunks may be.</summary>
    private const int OthersPart = 16;

    private const int ErrnoInvalid = 22;

    private SafeFileHandle? direct;
    private long segment = -1;
    private bool isSupported = Posix.CanWriteDirectly;
    private double directCost; // ticks for each byte
    private double cachedCost;
    private int untried;

    /// <summary>Writes that went past the cache.</summary>
    public int DirectCount { get; private set; }

    public void Write(long number, string path, SafeFileHandle cached, int offset, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < BytesMin || !isSupported || !IsAligned(offset, bytes) || !AreChunks(bytes))
        {
            RandomAccess.Write(cached, bytes, offset);
            return;
        }

        bool goesDirectly = directCost == 0 || (cachedCost != 0 && directCost <= DirectWorth * cachedCost);
        double worse = goesDirectly ? cachedCost / Math.Max(directCost, double.Epsilon) : directCost / Math.Max(cachedCost, double.Epsilon);
        if (++untried >= TriedEvery * Math.Clamp(worse, 1, TriedGrowthMax))
            (goesDirectly, untried) = (!goesDirectly, 0);
        long began = time.GetTimestamp();
        if (goesDirectly && TryWriteDirectly(number, path, offset, bytes))
        {
            Count(ref directCost, began, bytes.Length);
            DirectCount++;
            return;
        }

        RandomAccess.Write(cached, bytes, offset);
        Count(ref cachedCost, began, bytes.Length);
    }

    /// <summary>The segment is about to be deleted.</summary>
    public void Forget(long number)
    {
        if (number == segment)
            Close();
    }

    public void Dispose() => Close();

    private void Count(ref double cost, long began, int bytes)
    {
        double now = Math.Max(1, time.GetElapsedTime(began).Ticks) / (double)bytes;
        cost = cost == 0 ? now : cost + (NewWeight * (now - cost));
    }

    private bool TryWriteDirectly(long number, string path, int offset, ReadOnlySpan<byte> bytes)
    {
        if (number != segment)
        {
            Close();
            (direct, segment) = (Posix.OpenDirectly(path), number);
        }

        if (direct == null)
            return isSupported = false;
        try
        {
            RandomAccess.Write(direct, bytes, offset);
            return true;
        }
        catch (IOException e) when (e.HResult == ErrnoInvalid) // as file systems say that opened the file all the same
        {
            return isSupported = false;
        }
    }

    private void Close()
    {
        direct?.Dispose();
        (direct, segment) = (null, -1);
    }

    private static bool IsAligned(int offset, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* first = bytes)
            return ((nint)first | offset | bytes.Length) % Alignment == 0;
    }

    // A write that goes on within a sector, behind a commit, begins in the middle of a record: it is not known what follows.
    private static bool AreChunks(ReadOnlySpan<byte> bytes)
    {
        int others = 0, at = 0;
        for (; RecordFormat.Measure(bytes[at..]) is > 0 and var length; at += length)
        {
            if (RecordFormat.HeaderOf(bytes[at..]).Kind != RecordKind.Chunk)
                others += length;
            if (others > bytes.Length / OthersPart)
                return false;
        }

        return at > 0;
    }
}
