using System.Diagnostics.CodeAnalysis;

namespace Hal.Cache.Node.Streams;

/// <summary>
/// Values by stream IDs, in their order: sorted blocks of up to <see cref="BlockMax"/> IDs, found by binary search. Adding at the end fills blocks
/// whole. Not thread-safe.
/// </summary>
public sealed class IdMap<T>
    where T : class
{
    private const int BlockMax = 128;
    private const int FirstCapacity = 4;
    private const int Overhead = 96;
    private const int BlockOverhead = 96;
    private const int ItemBytes = 24;
    private readonly List<Block> blocks = [];
    private readonly MemoryCount memory;

    internal IdMap(MemoryCount memory)
    {
        this.memory = memory;
        memory.Bytes += Overhead;
    }

    public int Count { get; private set; }

    /// <summary>A position before the first ID.</summary>
    public IdPosition Start => new(0, -1);

    /// <summary>A position behind the last ID.</summary>
    public IdPosition End => new(blocks.Count, 0);

    public bool TryGet(StreamId id, [NotNullWhen(true)] out T? value)
    {
        value = null;
        int at = BlockOf(id);
        if (at < 0) return false;
        Block block = blocks[at];
        int index = block.Find(id);
        if (index < 0) return false;
        value = block.Values[index]!;
        return true;
    }

    /// <summary>Adds an ID; false where it is there.</summary>
    public bool TryAdd(StreamId id, T value)
    {
        int at = Math.Max(BlockOf(id), 0);
        if (blocks.Count == 0) AddBlock(0, new Block(FirstCapacity));
        Block block = blocks[at];
        int index = block.Find(id);
        if (index >= 0) return false;
        index = ~index;
        if (block.Count == BlockMax)
        {
            if (index == BlockMax && at == blocks.Count - 1)
            {
                block = AddBlock(at + 1, new Block(FirstCapacity));
                index = 0;
            }
            else
            {
                Block upper = AddBlock(at + 1, block.Split());
                if (index > block.Count) (block, index) = (upper, index - block.Count);
            }
        }

        memory.Bytes += (long)block.Insert(index, id, value) * ItemBytes;
        Count++;
        return true;
    }

    public bool Remove(StreamId id)
    {
        int at = BlockOf(id);
        if (at < 0) return false;
        Block block = blocks[at];
        int index = block.Find(id);
        if (index < 0) return false;
        block.RemoveAt(index);
        Count--;
        if (block.Count > 0) return true;
        memory.Bytes -= BlockOverhead + ((long)block.Capacity * ItemBytes);
        blocks.RemoveAt(at);
        return true;
    }

    /// <summary>A position before the first ID that is not less; <see cref="TryNext"/> gives it.</summary>
    public IdPosition Before(StreamId id)
    {
        int at = BlockOf(id);
        if (at < 0) return Start;
        int index = blocks[at].Find(id);
        return new(at, (index < 0 ? ~index : index) - 1);
    }

    /// <summary>A position before the last ID that is not greater, or else before the first; <see cref="TryNext"/> gives it.</summary>
    public IdPosition BeforeFloor(StreamId id)
    {
        int at = BlockOf(id);
        if (at < 0) return Start;
        int index = blocks[at].Find(id);
        return new(at, (index < 0 ? ~index - 1 : index) - 1);
    }

    /// <summary>A position behind the last ID that is not greater; <see cref="TryPrevious"/> gives it.</summary>
    public IdPosition Behind(StreamId id)
    {
        int at = BlockOf(id);
        if (at < 0) return Start;
        int index = blocks[at].Find(id);
        return new(at, index < 0 ? ~index : index + 1);
    }

    /// <summary>Moves to the next ID; false at the end.</summary>
    public bool TryNext(ref IdPosition position, out StreamId id, [NotNullWhen(true)] out T? value)
    {
        int block = position.Block, index = position.Index + 1;
        if (block < blocks.Count && index >= blocks[block].Count)
        {
            block++;
            index = 0;
        }

        return TryAt(ref position, block, index, out id, out value);
    }

    /// <summary>Moves to the ID before; false at the start.</summary>
    public bool TryPrevious(ref IdPosition position, out StreamId id, [NotNullWhen(true)] out T? value)
    {
        int block = position.Block, index = position.Index - 1;
        if (index < 0 && --block >= 0) index = blocks[block].Count - 1;
        return TryAt(ref position, block, index, out id, out value);
    }

    /// <summary>Takes the map's memory out of the count; it is not used again.</summary>
    internal void Release()
    {
        memory.Bytes -= Overhead;
        foreach (Block block in blocks) memory.Bytes -= BlockOverhead + ((long)block.Capacity * ItemBytes);
        blocks.Clear();
        Count = 0;
    }

    private bool TryAt(ref IdPosition position, int block, int index, out StreamId id, [NotNullWhen(true)] out T? value)
    {
        position = new(block, index);
        (id, value) = (default, null);
        if (block < 0 || block >= blocks.Count || index < 0) return false;
        id = blocks[block].Keys[index];
        value = blocks[block].Values[index]!;
        return true;
    }

    private Block AddBlock(int at, Block block)
    {
        blocks.Insert(at, block);
        memory.Bytes += BlockOverhead + ((long)block.Capacity * ItemBytes);
        return block;
    }

    // The last block whose first ID is not greater, -1 where there is none.
    private int BlockOf(StreamId id)
    {
        int low = 0, high = blocks.Count - 1;
        if (high >= 0 && blocks[high].Keys[0] <= id) return high;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            if (blocks[middle].Keys[0] <= id) low = middle + 1;
            else high = middle - 1;
        }

        return high;
    }

    private sealed class Block(int capacity)
    {
        public StreamId[] Keys { get; private set; } = new StreamId[capacity];

        public T?[] Values { get; private set; } = new T?[capacity];

        public int Count { get; private set; }

        public int Capacity => Keys.Length;

        public int Find(StreamId id) => Keys.AsSpan(0, Count).BinarySearch(id);

        // Gives by how many places it grew.
        public int Insert(int index, StreamId id, T value)
        {
            int before = Capacity;
            if (Count == before)
            {
                (StreamId[] keys, T?[] values) = (Keys, Values);
                Array.Resize(ref keys, before * 2);
                Array.Resize(ref values, before * 2);
                (Keys, Values) = (keys, values);
            }

            Array.Copy(Keys, index, Keys, index + 1, Count - index);
            Array.Copy(Values, index, Values, index + 1, Count - index);
            Keys[index] = id;
            Values[index] = value;
            Count++;
            return Capacity - before;
        }

        public void RemoveAt(int index)
        {
            Count--;
            Array.Copy(Keys, index + 1, Keys, index, Count - index);
            Array.Copy(Values, index + 1, Values, index, Count - index);
            Values[Count] = null;
        }

        public Block Split()
        {
            int kept = Count / 2;
            var upper = new Block(Capacity) { Count = Count - kept };
            Array.Copy(Keys, kept, upper.Keys, 0, upper.Count);
            Array.Copy(Values, kept, upper.Values, 0, upper.Count);
            Array.Clear(Values, kept, upper.Count);
            Count = kept;
            return upper;
        }
    }
}
