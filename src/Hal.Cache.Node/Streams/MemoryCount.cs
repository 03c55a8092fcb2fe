namespace Hal.Cache.Node.Streams;

/// <summary>Bytes of memory that the parts of one value take together.</summary>
internal sealed class MemoryCount
{
    public long Bytes { get; set; }
}
