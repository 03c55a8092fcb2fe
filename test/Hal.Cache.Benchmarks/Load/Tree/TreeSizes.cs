namespace Hal.Cache.Benchmarks.Load.Tree;

/// <summary>How large the objects of the tree's table are, in bytes, and how many of each a round reads.</summary>
/// <param name="ColdReadsBefore">
/// Cold objects and ranges that each product reads before it is measured: after some hundred of them a fresh process of ours answers as it goes on to, its
/// code compiled for good (medians of forty each of a first byte: 4.4, 2.0, 1.7, 1.6 ms).
/// </param>
internal sealed record TreeSizes(long Huge, long Large, int SmallReads, int MediumReads, int LargeReads, int LinkReads, int Clients, int ColdReadsBefore)
{
    public const int Small = 1 << 10;
    public const int Medium = 1 << 20;
    public const int Range = 64 << 10;

    public static TreeSizes Full { get; } = new(1L << 30, 64L << 20, 2000, 100, 3, 20, 64, 120);

    /// <summary>The smoke run's.</summary>
    public static TreeSizes Quick { get; } = new(32L << 20, 4L << 20, 20, 2, 1, 2, 8, 2);

    public static string Text(long bytes) => bytes switch
    {
        >= 1 << 30 => $"{bytes >> 30} GiB",
        >= 1 << 20 => $"{bytes >> 20} MiB",
        _ => $"{bytes >> 10} KiB",
    };
}
