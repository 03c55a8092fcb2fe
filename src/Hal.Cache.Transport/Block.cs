using System.Buffers;

namespace Hal.Cache.Transport;

/// <summary>Pinned bytes that a socket reads into or is written from; also a link in the chain that a reader sees.</summary>
internal sealed class Block(BlockPool? pool, int bytes) : ReadOnlySequenceSegment<byte>
{
    /// <summary>All of the block's bytes.</summary>
    public Memory<byte> Bytes { get; } = GC.AllocateUninitializedArray<byte>(bytes, pinned: true);

    /// <summary>Bytes of the block that hold data, from its start.</summary>
    public int Filled { get; private set; }

    public Memory<byte> Free => Bytes[Filled..];

    public Block? NextBlock => (Block?)Next;

    public void Fill(int count)
    {
        Filled += count;
        Memory = Bytes[..Filled];
    }

    /// <summary>Puts a block behind this one, which gets no more bytes.</summary>
    public void Append(Block next)
    {
        next.RunningIndex = RunningIndex + Filled;
        Next = next;
    }

    public void Return()
    {
        (Filled, Memory, Next, RunningIndex) = (0, default, null, 0);
        pool?.Return(this);
    }
}
