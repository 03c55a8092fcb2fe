namespace Hal.Cache.Storage.Large;

/// <summary>All chunks in memory, in a circle with a hand: the second-chance order in which they leave it.</summary>
internal sealed class ChunkClock
{
    private readonly Lock gate = new();
    private readonly List<Chunk> chunks = [];
    private int hand;

    public int Count => chunks.Count;

    public void Add(Chunk chunk)
    {
        lock (gate)
        {
            chunk.ClockIndex = chunks.Count;
            chunks.Add(chunk);
        }
    }

    public void Remove(Chunk chunk)
    {
        lock (gate)
        {
            if (chunk.ClockIndex < 0)
                return;
            Chunk last = chunks[^1];
            chunks[chunk.ClockIndex] = last;
            last.ClockIndex = chunk.ClockIndex;
            chunks.RemoveAt(chunks.Count - 1);
            chunk.ClockIndex = -1;
        }
    }

    /// <summary>The chunk under the hand, which moves on; null where no chunk is in memory.</summary>
    public Chunk? Next()
    {
        lock (gate)
        {
            if (chunks.Count == 0)
                return null;
            hand = hand < chunks.Count ? hand : 0;
            return chunks[hand++];
        }
    }
}
