namespace Hal.Cache.Transport;

/// <summary>What an event carries: the loop, the connection's slot in it, and which of the slot's connections, so that a late event of an earlier one finds nothing.</summary>
internal readonly record struct LoopTag(ulong Value)
{
    private const int GenerationBits = 24;

    public static readonly LoopTag Waker = new(ulong.MaxValue);

    public LoopTag(int loop, uint generation, int slot)
        : this(((ulong)(byte)loop << 56) | ((ulong)(generation & ((1u << GenerationBits) - 1)) << 32) | (uint)slot)
    {
    }

    public int Loop => (int)(Value >> 56);

    public int Slot => (int)(uint)Value;
}
