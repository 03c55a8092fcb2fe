namespace Hal.Cache.Gateway.Collections;

/// <summary>
/// Chooses so many of a number of elements, each as likely as any other, in one walk over them: selection sampling (Knuth, The Art of Computer Programming,
/// volume 2, 3.4.2, algorithm S).
/// </summary>
internal struct ChosenIndexes(int count, int wanted, Random random)
{
    private int left = count;
    private int open = wanted;

    /// <summary>Whether the next element is one of them.</summary>
    public bool Take()
    {
        bool taken = random.Next(left) < open;
        left--;
        if (taken) open--;
        return taken;
    }
}
