using System.Numerics;
using System.Runtime.InteropServices;

namespace Hal.Cache.Node;

/// <summary>A count that many processors raise without sharing a cache line.</summary>
internal sealed class StripedCounter
{
    private readonly Cell[] cells = new Cell[BitOperations.RoundUpToPowerOf2((uint)Math.Min(Environment.ProcessorCount, 64))];

    public long Value
    {
        get
        {
            long sum = 0;
            foreach (ref Cell cell in cells.AsSpan())
                sum += Interlocked.Read(ref cell.Count);
            return sum;
        }
    }

    public void Add(long count) =>
        Interlocked.Add(ref cells[Thread.GetCurrentProcessorId() & (cells.Length - 1)].Count, count);

    [StructLayout(LayoutKind.Explicit, Size = 128)]
    private struct Cell
    {
        [FieldOffset(64)]
        public long Count;
    }
}
