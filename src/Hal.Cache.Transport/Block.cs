using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Hal.Cache.Contracts.Connections;

namespace Hal.Cache.Transport;

/// <summary>Pinned bytes that a socket reads into or is written from, its own or lent; also a link in the chain that a reader sees.</summary>
internal sealed class Block(BlockPool? pool, int bytes) : ReadOnlySequenceSegment<byte>
{
    /// <summary>All of the block's bytes.</summary>
    public Memory<byte> Bytes { get; } = bytes == 0 ? default : GC.AllocateUninitializedArray<byte>(bytes, pinned: true);

    /// <summary>Bytes of the block that hold data, from its start.</summary>
    public int Filled { get; private set; }

    public Memory<byte> Free => Lent.Count > 0 ? default : Bytes[Filled..];

    /// <summary>The bytes that a writer's block has instead of its own.</summary>
    public LentBytes Lent { get; private set; }

    /// <summary>What is to be sent.</summary>
    public ReadOnlySpan<byte> Data => Lent.Count > 0 ? Lent.Span : Bytes.Span[..Filled];

    public Block? NextBlock => (Block?)Next;

    public void Fill(int count)
    {
        Filled += count;
        Memory = Bytes[..Filled];
    }

    /// <summary>Has others' bytes for its own.</summary>
    public void Borrow(in LentBytes bytes) => (Lent, Filled) = (bytes, bytes.Count);

    /// <summary>Where the data is from an offset on.</summary>
    public unsafe byte* At(int offset) => (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(Data)) + offset;

    /// <summary>Puts a block behind this one, which gets no more bytes.</summary>
    public void Append(Block next)
    {
        next.RunningIndex = RunningIndex + Filled;
        Next = next;
    }

    /// <summary>Takes off what is behind this one.</summary>
    public Block? TakeNext()
    {
        Block? next = NextBlock;
        Next = null;
        return next;
    }

    public void Return()
    {
        if (Lent.Count > 0)
            Lent.Return();
        (Filled, Memory, Next, RunningIndex, Lent) = (0, default, null, 0, default);
        pool?.Return(this);
    }
}
