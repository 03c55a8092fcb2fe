using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Storage.Memory;

/// <summary>The memory of one shard's entries: pages divided into slots. Not thread-safe: the shard's lock guards it.</summary>
internal sealed unsafe class Slab(PagePool pool)
{
    private readonly nint[] partial = new nint[SizeClasses.Count];
    private readonly int[] freeSlots = new int[SizeClasses.Count];
    private readonly List<nint> pages = [];

    public int PageCount => pages.Count;

    public SlabPage* Page(int index) => (SlabPage*)pages[index];

    /// <summary>A slot of at least so many bytes; takes a page even where the budget is used up, since callers have checked for room.</summary>
    public EntryHeader* Allocate(int bytes)
    {
        int sizeClass = SizeClasses.Of(bytes);
        var page = (SlabPage*)partial[sizeClass];
        if (page == null)
            page = AddPage(sizeClass);
        byte* slot = page->Free;
        if (slot != null)
            page->Free = *(byte**)slot;
        else
            slot = SlabPage.Slot(page, page->Carved++);
        page->Live++;
        freeSlots[sizeClass]--;
        if (page->Live == page->Slots)
            Unlist(page);
        var entry = (EntryHeader*)slot;
        entry->SizeClass = (byte)sizeClass;
        return entry;
    }

    public void Free(EntryHeader* entry)
    {
        SlabPage* page = SlabPage.Of(entry);
        entry->Flags = EntryFlags.None;
        *(byte**)entry = page->Free;
        page->Free = (byte*)entry;
        page->Live--;
        freeSlots[page->SizeClass]++;
        if (page->Live == 0)
            RemovePage(page);
        else if (page->Listed == 0)
            List(page);
    }

    /// <summary>Whether the entries of a page would fit into the other pages of its class.</summary>
    public bool CanEmpty(SlabPage* page) => freeSlots[page->SizeClass] - (page->Slots - page->Live) >= page->Live;

    /// <summary>Keeps new entries out of a page that is being emptied.</summary>
    public void Seal(SlabPage* page)
    {
        if (page->Listed != 0)
            Unlist(page);
    }

    /// <summary>Ends <see cref="Seal"/> for a page that was not emptied after all.</summary>
    public void Unseal(SlabPage* page)
    {
        if (page->Listed == 0 && page->Live < page->Slots)
            List(page);
    }

    private SlabPage* AddPage(int sizeClass)
    {
        var page = (SlabPage*)pool.Take();
        *page = default;
        page->SizeClass = (byte)sizeClass;
        page->SlotBytes = (ushort)SizeClasses.SlotBytes(sizeClass);
        page->Slots = (ushort)((PagePool.PageBytes - SlabPage.HeaderBytes) / page->SlotBytes);
        page->Index = pages.Count;
        pages.Add((nint)page);
        freeSlots[sizeClass] += page->Slots;
        List(page);
        return page;
    }

    private void RemovePage(SlabPage* page)
    {
        if (page->Listed != 0)
            Unlist(page);
        freeSlots[page->SizeClass] -= page->Slots;
        var last = (SlabPage*)pages[^1];
        pages[page->Index] = (nint)last;
        last->Index = page->Index;
        pages.RemoveAt(pages.Count - 1);
        pool.Return((byte*)page);
    }

    private void List(SlabPage* page)
    {
        var first = (SlabPage*)partial[page->SizeClass];
        page->Previous = null;
        page->Next = first;
        if (first != null)
            first->Previous = page;
        partial[page->SizeClass] = (nint)page;
        page->Listed = 1;
    }

    private void Unlist(SlabPage* page)
    {
        if (page->Previous != null)
            page->Previous->Next = page->Next;
        else
            partial[page->SizeClass] = (nint)page->Next;
        if (page->Next != null)
            page->Next->Previous = page->Previous;
        page->Next = page->Previous = null;
        page->Listed = 0;
    }
}
