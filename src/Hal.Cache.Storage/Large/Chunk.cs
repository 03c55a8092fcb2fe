using Hal.Cache.Contracts.Connections;

namespace Hal.Cache.Storage.Large;

/// <summary>One slice of a large value: in memory, in the log, or both. Its bytes never change. Locked by itself, last of all locks.</summary>
internal sealed class Chunk(ChunkStore store, long id, int bytes) : ILender
{
    /// <summary>Unique in the store; names the chunk's records in the log.</summary>
    public readonly long Id = id;

    public readonly int Bytes = bytes;

    /// <summary>The memory with the bytes, 0 where they are in the log only.</summary>
    public nint Page;

    /// <summary>Senders that have its memory: until all have returned it, it stays.</summary>
    public int Lent;

    /// <summary>No value has it any more; its memory goes back with the last sender.</summary>
    public bool IsDropped;

    /// <summary>Address of the record, 0 where there is none yet.</summary>
    public long Address;

    /// <summary>Large values that the chunk is part of.</summary>
    public int Uses;

    /// <summary>The value that the chunk was last made part of.</summary>
    public LargeValue? Owner;

    /// <summary>Place in the list of chunks in memory, -1 for none.</summary>
    public int ClockIndex = -1;

    /// <summary>Read since the clock's hand last passed.</summary>
    public bool Hot;

    /// <summary>Whether it is among the <see cref="UnwrittenCopies"/>, who guard this and its neighbours there.</summary>
    public bool IsUnwritten;

    /// <summary>Whether it counts as living; it is not found by its id where another one is.</summary>
    public bool IsRegistered;

    /// <summary>CRC-32C of all its bytes, once somebody wanted it; null until then.</summary>
    public uint? Checksum;

    public Chunk? Before;

    public Chunk? Behind;

    void ILender.Returned(int tag) => store.Returned(this);
}
