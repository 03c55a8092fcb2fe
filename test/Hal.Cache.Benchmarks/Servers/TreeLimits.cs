namespace Hal.Cache.Benchmarks.Servers;

/// <summary>What each instance of a tree may take, as the command line says it, and the directory behind the root.</summary>
/// <param name="LeafBytesPerSecond">Rate of the one link over which the leaf has everything from all others; 0 for none but loopback.</param>
/// <param name="SharesMemory">Whether the instances copy bytes from each other's memory; else they send them, as between machines.</param>
internal sealed record TreeLimits(
    string Memory, string Disk, string Policy = "noeviction", string? Origin = null, long LeafBytesPerSecond = 0, bool SharesMemory = true)
{
    /// <summary>Under which the origin's objects are keys.</summary>
    public const string OriginPrefix = "o/";
}
