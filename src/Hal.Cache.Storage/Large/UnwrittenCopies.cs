namespace Hal.Cache.Storage.Large;

/// <summary>
/// Chunks in memory that can be read again elsewhere and have no record in the log yet, oldest first, within a limit in bytes. Locked by
/// itself, behind the locks of the chunks.
/// </summary>
internal sealed class UnwrittenCopies(long bytesMax)
{
    private readonly Lock gate = new();
    private Chunk? first;
    private Chunk? last;
    private long bytes;
    private long added;

    /// <summary>What waits, in bytes.</summary>
    public long Bytes => Volatile.Read(ref bytes);

    /// <summary>Chunks that were added since the start: while that rises, copies are coming.</summary>
    public long Added => Volatile.Read(ref added);

    /// <summary>The chunk that waits longest; null where none does.</summary>
    public Chunk? Oldest => Volatile.Read(ref first);

    /// <summary>False where the limit is reached.</summary>
    public bool TryAdd(Chunk chunk)
    {
        lock (gate)
        {
            if (bytes + chunk.Bytes > bytesMax)
                return false;
            (chunk.IsUnwritten, chunk.Before, chunk.Behind) = (true, last, null);
            if (last == null)
                first = chunk;
            else
                last.Behind = chunk;
            last = chunk;
            bytes += chunk.Bytes;
            added++;
            return true;
        }
    }

    /// <summary>The chunk is in the log now, or gone; nothing where it did not wait.</summary>
    public void Remove(Chunk chunk)
    {
        lock (gate)
        {
            if (!chunk.IsUnwritten)
                return;
            if (chunk.Before == null)
                first = chunk.Behind;
            else
                chunk.Before.Behind = chunk.Behind;
            if (chunk.Behind == null)
                last = chunk.Before;
            else
                chunk.Behind.Before = chunk.Before;
            (chunk.IsUnwritten, chunk.Before, chunk.Behind) = (false, null, null);
            bytes -= chunk.Bytes;
        }
    }
}
