namespace Hal.Cache.Contracts.Instances;

/// <summary>Takes the objects of one inventory batch.</summary>
public interface IInventorySink
{
    /// <summary>
    /// One object: its Redis database, its key (valid during the call only) and the bytes that it takes, key and value; must neither
    /// block nor throw, since the inventory may hold a lock around it.
    /// </summary>
    void Add(int database, ReadOnlySpan<byte> key, long bytes);
}
