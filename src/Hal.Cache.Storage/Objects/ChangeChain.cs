namespace Hal.Cache.Storage.Objects;

/// <summary>The records of an object's changes since its base, oldest first.</summary>
internal sealed class ChangeChain
{
    private readonly List<(long Address, int RecordBytes)> records = [];

    public int Count => records.Count;

    /// <summary>Bytes of all records.</summary>
    public long Bytes { get; private set; }

    public long Newest => records[^1].Address;

    /// <summary>What the chain itself takes in memory, in bytes.</summary>
    public long ManagedBytes => 64 + (records.Capacity * 16L);

    public (long Address, int RecordBytes) this[int index] => records[index];

    public void Add(long address, int recordBytes)
    {
        records.Add((address, recordBytes));
        Bytes += recordBytes;
    }

    /// <summary>Whether a record at this address is part of the chain.</summary>
    public bool Has(long address)
    {
        int low = 0;
        int high = records.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) >> 1;
            if (records[middle].Address == address)
                return true;
            if (records[middle].Address < address)
                low = middle + 1;
            else
                high = middle - 1;
        }

        return false;
    }

    public (long Address, int RecordBytes)[] ToArray() => [.. records];
}
