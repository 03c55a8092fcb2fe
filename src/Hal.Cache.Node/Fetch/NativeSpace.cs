using System.Buffers;

namespace Hal.Cache.Node.Fetch;

/// <summary>Memory outside the collector's as <see cref="Memory{T}"/>; valid as long as whoever made it sees to that.</summary>
internal sealed unsafe class NativeSpace(nint address, int bytes) : MemoryManager<byte>
{
    public override Span<byte> GetSpan() => new((void*)address, bytes);

    public override MemoryHandle Pin(int elementIndex = 0) => new((byte*)address + elementIndex);

    public override void Unpin()
    {
        // It never moves.
    }

    protected override void Dispose(bool disposing)
    {
        // It is not ours.
    }
}
