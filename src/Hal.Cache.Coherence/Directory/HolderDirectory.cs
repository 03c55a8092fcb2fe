namespace Hal.Cache.Coherence.Directory;

/// <summary>
/// Which sessions hold copies of which keys: always at least those that do. In parts, so that growing one part of a large directory
/// stalls writers for a fraction of a millisecond.
/// </summary>
internal sealed class HolderDirectory
{
    public const int PartBits = 8;

    private readonly DirectoryPart[] parts = new DirectoryPart[1 << PartBits];
    private int coldPart;
    private int sweptPart;

    public HolderDirectory() => Clear();

    public int Count { get; private set; }

    public int Holders => parts.Sum(p => p.Holders);

    public long Bytes => parts.Sum(p => p.Bytes);

    public bool Contains(KeyId key) => Part(key).Contains(key);

    public void Add(KeyId key, ushort session, uint stamp)
    {
        var part = Part(key);
        Count -= part.Count;
        part.Add(key, session, stamp);
        Count += part.Count;
    }

    public bool Remove(KeyId key, ushort session, uint stamp)
    {
        var part = Part(key);
        Count -= part.Count;
        var removed = part.Remove(key, session, stamp);
        Count += part.Count;
        return removed;
    }

    public void Take(KeyId key, List<ushort> sessions)
    {
        var part = Part(key);
        Count -= part.Count;
        part.Take(key, sessions);
        Count += part.Count;
    }

    public void Clear()
    {
        for (var i = 0; i < parts.Length; i++) parts[i] = new DirectoryPart();
        Count = 0;
    }

    /// <summary>A key that nobody asked for lately, found within a bounded number of steps.</summary>
    public bool TryNextCold(out KeyId key)
    {
        const int StepsMax = 64;
        for (var tries = 0; tries < parts.Length; tries++)
        {
            coldPart = (coldPart + 1) & (parts.Length - 1);
            if (parts[coldPart].TryNextCold(StepsMax, out key)) return true;
        }

        key = default;
        return false;
    }

    /// <summary>Cleans the next part of the registrations of ended sessions; true when that was the last part of a pass.</summary>
    public bool SweepPart(SessionSlots sessions)
    {
        var part = parts[sweptPart];
        Count -= part.Count;
        part.Sweep(sessions);
        Count += part.Count;
        sweptPart = (sweptPart + 1) & (parts.Length - 1);
        return sweptPart == 0;
    }

    private DirectoryPart Part(KeyId key) => parts[key.Hash & (ulong)(parts.Length - 1)];
}
