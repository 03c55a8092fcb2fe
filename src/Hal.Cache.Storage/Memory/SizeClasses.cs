namespace Hal.Cache.Storage.Memory;

/// <summary>
/// Sizes of memory slots: every 16 bytes up to 512, then about an eighth apart, each the largest multiple of 16 of which the same
/// number fits into a page.
/// </summary>
internal static class SizeClasses
{
    public const int SlotBytesMin = 48;

    /// <summary>Largest slot: a page of its own; it holds the longest key with the longest inline value.</summary>
    public const int SlotBytesMax = (PagePool.PageBytes - SlabPage.HeaderBytes) / Step * Step;

    private const int Step = 16;
    private const int FineBytesMax = 512;

    private static readonly ushort[] Sizes = MakeSizes();
    private static readonly byte[] BySteps = MakeIndex();

    public static int Count => Sizes.Length;

    public static int Of(int bytes) => BySteps[(bytes + Step - 1) / Step];

    public static int SlotBytes(int sizeClass) => Sizes[sizeClass];

    private static ushort[] MakeSizes()
    {
        const int room = PagePool.PageBytes - SlabPage.HeaderBytes;
        List<ushort> sizes = [];
        for (int size = SlotBytesMin; size <= FineBytesMax; size += Step)
            sizes.Add((ushort)size);
        for (int size = FineBytesMax + (FineBytesMax / 8); size < SlotBytesMax; size += size / 8)
        {
            int widest = room / (room / size) / Step * Step;
            if (widest > sizes[^1])
                sizes.Add((ushort)widest);
            size = widest;
        }

        if (sizes[^1] < SlotBytesMax)
            sizes.Add(SlotBytesMax);
        return [.. sizes];
    }

    private static byte[] MakeIndex()
    {
        var index = new byte[(SlotBytesMax / Step) + 1];
        for (int steps = 0, sizeClass = 0; steps < index.Length; steps++)
        {
            while (Sizes[sizeClass] < steps * Step)
                sizeClass++;
            index[steps] = (byte)sizeClass;
        }

        return index;
    }
}
