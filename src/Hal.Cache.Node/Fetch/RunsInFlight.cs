using System.Diagnostics.CodeAnalysis;

namespace Hal.Cache.Node.Fetch;

/// <summary>Which run brings which chunk of one object. Used under the lock of the object's flight.</summary>
internal sealed class RunsInFlight
{
    private readonly Dictionary<int, ChunkRun> byChunk = [];

    public bool TryGet(int index, [NotNullWhen(true)] out ChunkRun? run) => byChunk.TryGetValue(index, out run);

    public bool Has(int index) => byChunk.ContainsKey(index);

    public void Add(ChunkRun run)
    {
        for (int index = run.First; index < run.First + run.Count; index++)
            byChunk[index] = run;
    }

    /// <summary>The run brings none of its chunks any more.</summary>
    public void Remove(ChunkRun run)
    {
        for (int index = run.First; index < run.First + run.Count; index++)
            Remove(index, run);
    }

    /// <summary>The run brings this chunk no more; nothing where another one does by now.</summary>
    public void Remove(int index, ChunkRun run)
    {
        if (byChunk.TryGetValue(index, out ChunkRun? current) && current == run)
            byChunk.Remove(index);
    }

    /// <summary>Those some of whose bytes are still to come.</summary>
    public ChunkRun[] Reading() => [.. byChunk.Values.Distinct().Where(static run => run is { IsReading: true, IsWhole: false })];
}
