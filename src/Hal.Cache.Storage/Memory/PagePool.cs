using System.Runtime.InteropServices;

namespace Hal.Cache.Storage.Memory;

/// <summary>
/// All memory for values: uniform pages of 64 KiB cut from blocks of 1 MiB, within one budget that tables and other bookkeeping share.
/// Uniform pages leave no gaps that only some sizes fit into, so that the budget is what the process really uses.
/// </summary>
internal sealed unsafe class PagePool : IDisposable
{
    public const int PageBytes = 64 << 10;

    /// <summary>
    /// Part of the budget whose free pages keep their memory, further ones are given back to the system at once. Taking a page that the system has
    /// to find and clear costs more than filling it, and large values come and go.
    /// </summary>
    private const int WarmPart = 4;

    /// <summary>Free pages that <see cref="Trim"/> leaves with their memory: 64 MiB, or an eighth of the budget.</summary>
    private const int RestingPagesMax = 1024;

    /// <summary>Pages that <see cref="Trim"/> gives back at a time.</summary>
    private const int TrimmedPagesMax = 1024;

    /// <summary>Looks of <see cref="Trim"/> at which a page was not needed before it is given back.</summary>
    private const int LooksMin = 10;

    private const int BlockBytes = 1 << 20;

    private readonly Lock gate = new();
    private readonly Stack<nint> warm = new();
    private readonly Stack<nint> cold = new();
    private readonly List<nint> blocks = [];
    private bool isDisposed;
    private long limitBytes;
    private readonly long reserveBytes;
    private readonly SharedSpace? space;
    private readonly int warmPagesMax;
    private readonly int restingPagesMax;
    private readonly int[] warmLeasts = new int[LooksMin]; // of the last looks, in a circle
    private int looks;
    private int warmLeast;
    private long usedBytes;
    private long overheadBytes;
    private long peakBytes;

    /// <param name="limitBytes">Budget of pages and overhead.</param>
    /// <param name="reserveBytes">Part of the budget that only calls which must not fail may take.</param>
    /// <param name="space">Where the pages lie; null for memory of the process's own, in which those lie that it has no room for.</param>
    public PagePool(long limitBytes, long reserveBytes, SharedSpace? space = null)
    {
        this.space = space;
        (this.limitBytes, this.reserveBytes) = (limitBytes, reserveBytes);
        warmPagesMax = (int)Math.Min(int.MaxValue, limitBytes / WarmPart / PageBytes);
        restingPagesMax = (int)Math.Min(RestingPagesMax, limitBytes / 8 / PageBytes);
    }

    /// <summary>Budget in bytes; where it is set below what is in use, reclaiming makes up for that.</summary>
    public long LimitBytes
    {
        get => Volatile.Read(ref limitBytes);
        set => Volatile.Write(ref limitBytes, value);
    }

    /// <summary>What other processes may map; null where there is nothing.</summary>
    public SharedSpace? Space => space;

    /// <summary>Pages and overhead in use, in bytes.</summary>
    public long UsedBytes => Volatile.Read(ref usedBytes) + Volatile.Read(ref overheadBytes);

    public long PeakBytes => Math.Max(Volatile.Read(ref peakBytes), UsedBytes);

    public long OverheadBytes => Volatile.Read(ref overheadBytes);

    /// <summary>Free pages that have kept their memory.</summary>
    public int WarmPages
    {
        get
        {
            lock (gate)
                return warm.Count;
        }
    }

    /// <summary>What callers that can wait may still take.</summary>
    public long FreeBytes => LimitBytes - reserveBytes - UsedBytes;

    /// <summary>Counts memory outside of the pages (tables, bookkeeping) into the budget; it may overdraw it, which reclaiming repairs.</summary>
    public void AddOverhead(long bytes) => Interlocked.Add(ref overheadBytes, bytes);

    /// <summary>A page of undefined content; false where the budget is used up.</summary>
    public bool TryTake(out byte* page)
    {
        page = null;
        if (FreeBytes < PageBytes)
            return false;
        page = Take();
        return true;
    }

    /// <summary>A page in any case: for steps that make room in the end, or that can't be undone; it may overdraw the budget for a moment.</summary>
    public byte* Take()
    {
        long used = Interlocked.Add(ref usedBytes, PageBytes) + Volatile.Read(ref overheadBytes);
        if (used > Volatile.Read(ref peakBytes))
            Volatile.Write(ref peakBytes, used);
        lock (gate)
        {
            if (warm.TryPop(out nint page))
            {
                warmLeast = Math.Min(warmLeast, warm.Count);
                return (byte*)page;
            }

            if (cold.TryPop(out page))
                return (byte*)page;
            byte* block = TakeBlock();
            for (int offset = BlockBytes - PageBytes; offset > 0; offset -= PageBytes)
                cold.Push((nint)(block + offset));
            return block;
        }
    }

    /// <summary>Where an address lies in the <see cref="Space"/>; -1 where it does not.</summary>
    public long OffsetOf(nint address) => space?.OffsetOf(address) ?? -1;

    public void Return(byte* page)
    {
        Interlocked.Add(ref usedBytes, -PageBytes);
        lock (gate)
        {
            if (isDisposed)
                return; // its addresses are another's by now
            if (warm.Count < warmPagesMax)
            {
                warm.Push((nint)page);
                return;
            }
        }

        GiveBack(page);
    }

    /// <summary>Gives free pages back to the system that nobody has taken during the last <see cref="LooksMin"/> calls, some of them; to be called now and then.</summary>
    public void Trim()
    {
        nint[] unused;
        lock (gate)
        {
            warmLeasts[looks++ % LooksMin] = warmLeast;
            int unusedCount = Math.Min(warmLeasts.Min(), warm.Count) - restingPagesMax;
            unused = new nint[Math.Clamp(unusedCount, 0, TrimmedPagesMax)];
            for (int index = 0; index < unused.Length; index++)
                unused[index] = warm.Pop();
            warmLeast = warm.Count;
        }

        foreach (nint page in unused)
            GiveBack((byte*)page);
    }

    public void Dispose()
    {
        lock (gate)
        {
            foreach (nint block in blocks)
                NativeMemory.AlignedFree((void*)block);
            isDisposed = true;
            blocks.Clear();
            warm.Clear();
            cold.Clear();
        }

        space?.Dispose();
    }

    private byte* TakeBlock()
    {
        byte* block = space == null ? null : space.TryTake(BlockBytes);
        if (block != null)
            return block;
        block = (byte*)NativeMemory.AlignedAlloc(BlockBytes, PageBytes);
        blocks.Add((nint)block);
        return block;
    }

    private void GiveBack(byte* page)
    {
        if (OperatingSystem.IsLinux())
            _ = Native.Advise(page, PageBytes, OffsetOf((nint)page) < 0 ? Native.DontNeed : Native.Remove);
        lock (gate)
            cold.Push((nint)page);
    }
}
