namespace Hal.Cache.Transport;

/// <summary>
/// Blocks of a little more than 64 KiB, used again and again: a chunk of 64 KiB that is copied leaves in one, behind a few bytes that say how long it
/// is. At most <see cref="BlocksMax"/> exist; who
/// comes when all are out gets one of <see cref="SpareBytes"/> that is not kept.
/// </summary>
internal sealed class BlockPool
{
    public const int BlockBytes = (64 << 10) + 64;

    /// <summary>64 MiB in all.</summary>
    public const int BlocksMax = 1024;

    public const int SpareBytes = 4 << 10;

    private readonly Lock gate = new();
    private readonly Block[] free = new Block[BlocksMax];
    private int count;
    private int made;

    public Block Rent()
    {
        lock (gate)
        {
            if (count > 0)
                return free[--count];
            if (made == BlocksMax)
                return new Block(null, SpareBytes);
            made++;
        }

        return new Block(this, BlockBytes);
    }

    /// <summary>A block of at least so many bytes, which may be more than the pool's.</summary>
    public Block Rent(int bytesMin) => bytesMin <= SpareBytes ? Rent() : bytesMin <= BlockBytes ? RentWhole(bytesMin) : new Block(null, bytesMin);

    public void Return(Block block)
    {
        lock (gate)
            free[count++] = block;
    }

    private Block RentWhole(int bytesMin)
    {
        Block block = Rent();
        return block.Bytes.Length >= bytesMin ? block : new Block(null, bytesMin);
    }
}
