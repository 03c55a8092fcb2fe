using System.Buffers;
using System.Collections.Concurrent;

namespace Hal.Cache.Silo;

/// <summary>
/// Pinned blocks of 64 KiB that sockets receive into and send from, used again and again: a value of 64 KiB arrives in one or two pieces
/// instead of sixteen. At most <see cref="BlocksMax"/> exist; whoever comes beyond them gets a block of 4 KiB that is not kept.
/// </summary>
internal sealed class BlockPool : MemoryPool<byte>
{
    public const int BlockBytes = 64 << 10;

    /// <summary>64 MiB in all.</summary>
    public const int BlocksMax = 1024;

    public const int SpareBlockBytes = 4 << 10;

    private readonly ConcurrentStack<Block> free = new();
    private int made;

    public override int MaxBufferSize => BlockBytes;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockBytes);
        if (free.TryPop(out Block? block))
            return block;
        if (Interlocked.Increment(ref made) <= BlocksMax)
            return new Block(this, BlockBytes);
        Interlocked.Decrement(ref made);
        return new Block(null, Math.Max(minBufferSize, SpareBlockBytes));
    }

    protected override void Dispose(bool disposing) => free.Clear();

    private sealed class Block(BlockPool? pool, int bytes) : IMemoryOwner<byte>
    {
        public Memory<byte> Memory { get; } = GC.AllocateUninitializedArray<byte>(bytes, pinned: pool != null);

        // A pipe gives its blocks back once, and to the pool's stack a second time would be worse than a leak.
        public void Dispose() => pool?.free.Push(this);
    }
}
