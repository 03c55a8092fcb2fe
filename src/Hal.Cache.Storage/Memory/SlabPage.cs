using System.Runtime.InteropServices;

namespace Hal.Cache.Storage.Memory;

/// <summary>The first bytes of a page that is divided into slots of one size class.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SlabPage
{
    public const int HeaderBytes = 64;

    /// <summary>Neighbours in the list of the class's pages with free slots.</summary>
    public SlabPage* Next;
    public SlabPage* Previous;

    /// <summary>First slot of the free list.</summary>
    public byte* Free;

    /// <summary>Slots that were ever used; those behind are free without being in the list.</summary>
    public ushort Carved;
    public ushort Live;
    public ushort Slots;
    public ushort SlotBytes;

    /// <summary>Place in the slab's list of pages.</summary>
    public int Index;
    public byte SizeClass;

    /// <summary>1 while the page is in the list of pages with free slots.</summary>
    public byte Listed;

    public static SlabPage* Of(void* slot) => (SlabPage*)((nuint)slot & ~(nuint)(PagePool.PageBytes - 1));

    public static byte* Slot(SlabPage* page, int index) => (byte*)page + HeaderBytes + (index * page->SlotBytes);
}
