namespace Hal.Cache.Storage.Large;

/// <summary>
/// The chunks of one value by their index, in blocks of <see cref="BlockChunks"/> that are made when the first chunk of each comes: a value of
/// which little is here takes little, and no array is so long that each new one brings a full garbage collection nearer. Looked up without a
/// lock, changed under its owner's.
/// </summary>
internal sealed class ChunkTable(int count)
{
    /// <summary>Chunks for which places are made at a time.</summary>
    public const int BlockChunks = 256;

    private readonly Chunk?[]?[] blocks = new Chunk?[]?[(count + BlockChunks - 1) / BlockChunks];

    public int Count => count;

    public Chunk? this[int index]
    {
        get => Volatile.Read(ref blocks[index / BlockChunks]) is { } block ? Volatile.Read(ref block[index % BlockChunks]) : null;
        set
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, count);
            ref Chunk?[]? block = ref blocks[index / BlockChunks];
            if (block == null)
            {
                if (value == null)
                    return;
                Volatile.Write(ref block, new Chunk?[Math.Min(BlockChunks, count - (index / BlockChunks * BlockChunks))]);
            }

            Volatile.Write(ref block![index % BlockChunks], value);
        }
    }

    /// <summary>Where a chunk is; -1 where it is not.</summary>
    public int IndexOf(Chunk chunk)
    {
        for (int at = 0; at < blocks.Length; at++)
        {
            if (blocks[at] is { } block && Array.IndexOf(block, chunk) is >= 0 and var index)
                return (at * BlockChunks) + index;
        }

        return -1;
    }

    /// <summary>Takes all out, and hands each to the callback.</summary>
    public void Clear(Action<Chunk> taken)
    {
        for (int at = 0; at < blocks.Length; at++)
        {
            Chunk?[]? block = blocks[at];
            for (int index = 0; index < (block?.Length ?? 0); index++)
            {
                if (block![index] is not { } chunk)
                    continue;
                Volatile.Write(ref block[index], null);
                taken(chunk);
            }

            Volatile.Write(ref blocks[at], null);
        }
    }
}
