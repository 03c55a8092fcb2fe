using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Storage.Eviction;

/// <summary>
/// S3-FIFO (Yang et al., 2023) on one queue, the log: a new object is on trial and leaves when it was not used by the time it is walked;
/// one that was used, or comes back soon after it left, is a member, and leaves after as many walks without use as it had uses (at most 3).
/// </summary>
/// <remarks>
/// State: uses (2 bits), member, used since memory was walked, kept by the last walk, added, and 16 bits of the second of the last walk.
/// The trial queue of the paper is a tenth of the cache; here it is the whole log, since a walk can't look for what is young.
/// </remarks>
internal sealed class S3FifoPolicy(int seed) : IEvictionPolicy
{
    public const string PolicyName = "s3fifo";

    private const uint UsesMax = 3;
    private const uint Member = 4;
    private const uint Recent = 8;
    private const uint Kept = 16;
    private const uint Present = 32;
    private const int WalkShift = 16;
    private const int Ranks = 8;

    private readonly GhostSet ghosts = new(seed);
    private readonly KeepRanking[] rankings = [new(Ranks), new(CleanLast.Ranks(Ranks))];

    public string Name => PolicyName;

    public bool KeepsAll => false;

    public void Added(in EntryRef entry, uint clock)
    {
        if (entry.PolicyState != 0)
        {
            Read(entry, clock);
            return;
        }

        ghosts.CountEntry(entry, 1);
        entry.PolicyState = ghosts.Take(entry) ? Present | Member : Present;
    }

    public void Read(in EntryRef entry, uint clock)
    {
        uint state = entry.PolicyState;
        uint wanted = ((state & UsesMax) == UsesMax ? state : state + 1) | Recent | Present;
        if (wanted != state)
            entry.PolicyState = wanted;
    }

    public void Removed(in EntryRef entry)
    {
        if (entry.PolicyState != 0)
            ghosts.CountEntry(entry, -1);
    }

    public bool Keep(in EntryRef entry, in ReclaimContext reclaim)
    {
        uint state = entry.PolicyState;
        if (reclaim.Tier == ReclaimTier.Memory)
        {
            entry.PolicyState = state & ~Recent;
            int rank = (int)(UsesMax - (state & UsesMax)) + ((state & Recent) != 0 ? 0 : (int)UsesMax + 1);
            return rankings[0].Keep(rank, EntryWeight.Of(entry), reclaim.KeepShare);
        }

        // The chunks of a large value are walked one by one, and have one fate.
        uint walk = reclaim.Clock << WalkShift;
        if (entry.IsLarge && (state & Kept) != 0 && (state >> WalkShift) << WalkShift == walk)
            return true;
        uint uses = state & UsesMax;
        bool member = (state & Member) != 0;
        int standing = CleanLast.Rank((int)((UsesMax - uses) * 2) + (member ? 0 : 1), Ranks, entry, reclaim.Tier);
        if (uses == 0)
            rankings[1].Pass(standing, EntryWeight.Of(entry), reclaim.KeepShare);
        bool keep = uses > 0 && rankings[1].Keep(standing, EntryWeight.Of(entry), reclaim.KeepShare);
        if (keep)
            entry.PolicyState = walk | Present | Kept | Member | (state & Recent) | (uses - 1);
        else
            ghosts.Add(entry);
        return keep;
    }

    public EntryUsage UsageOf(in EntryRef entry, uint clock) => new(null, (int)(entry.PolicyState & UsesMax));

    public void SetUsage(in EntryRef entry, EntryUsage usage, uint clock)
    {
        if (usage.Frequency is { } frequency)
            entry.PolicyState = (entry.PolicyState & ~UsesMax) | (uint)Math.Clamp(frequency, 0, (int)UsesMax);
    }
}
