using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Gateway.Server;

/// <summary>
/// maxmemory as clients set it: the store keeps to it down to what it needs to work. Below that, commands that may take memory are refused while
/// more than the bound is in use. 0 is the instance's own setting again; a bound above that is kept, and the instance's own holds.
/// </summary>
internal sealed class MemoryBound(IBlobStore store)
{
    private long set = -1;
    private long refusesAbove = long.MaxValue;

    /// <summary>What was set, or the instance's own, in bytes.</summary>
    public long Bytes => Volatile.Read(ref set) is >= 0 and var bytes ? bytes : store.Statistics.MemoryLimitBytes;

    /// <summary>Whether commands that may take memory are refused; nearly always one read of a field.</summary>
    public bool IsExceeded => Volatile.Read(ref refusesAbove) is < long.MaxValue and var bound && store.Statistics.MemoryBytes > bound;

    /// <summary>Bounds the store's memory; 0 for as much as the instance has.</summary>
    public void Set(long bytes)
    {
        long holds = store.LimitMemory(bytes == 0 ? long.MaxValue : bytes);
        Volatile.Write(ref refusesAbove, bytes == 0 || holds <= bytes ? long.MaxValue : bytes);
        Volatile.Write(ref set, bytes == 0 ? -1 : bytes);
    }
}
