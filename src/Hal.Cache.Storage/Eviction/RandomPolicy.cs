using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Storage.Eviction;

/// <summary>Chance decides: of the walked entries as many stay as may, whatever their use.</summary>
/// <remarks>State: 1 for an entry that was added.</remarks>
internal sealed class RandomPolicy(int seed) : IEvictionPolicy
{
    public const string PolicyName = "random";

    private const int Ranks = 64;

    private readonly StripedRandom random = new(seed);
    private readonly KeepRanking[] rankings = [new(Ranks), new(CleanLast.Ranks(Ranks))];

    public string Name => PolicyName;

    public bool KeepsAll => false;

    public void Added(in EntryRef entry, uint clock)
    {
        if (entry.PolicyState == 0)
            entry.PolicyState = 1;
    }

    public void Read(in EntryRef entry, uint clock)
    {
    }

    public void Removed(in EntryRef entry)
    {
    }

    public bool Keep(in EntryRef entry, in ReclaimContext reclaim)
    {
        int rank = (int)(random.Next(entry) % Ranks);
        return rankings[(int)reclaim.Tier].Keep(CleanLast.Rank(rank, Ranks, entry, reclaim.Tier), EntryWeight.Of(entry), reclaim.KeepShare);
    }
}
