using System.Numerics;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Storage.Eviction;

/// <summary>
/// Least recently used goes first: of the walked entries those stay whose last use lies behind an age that adapts to what is walked.
/// Entries of one age are told apart by whether they were used since they were last walked. Where the oldest are walked, what was not used since it
/// was written goes: everything else came later, so that a stream of what is read once moves nothing.
/// </summary>
/// <remarks>
/// State: second of the last use and one (30 bits), used since the log's old end was walked, used since any walk (1 bit each); 0 is an entry that was never
/// added.
/// </remarks>
internal sealed class LruPolicy : IEvictionPolicy
{
    public const string PolicyName = "lru";

    /// <summary>Ages are told apart in steps of a quarter of a power of two.</summary>
    private const int StepBits = 2;

    private const int AgeSteps = (32 - StepBits + 1) << StepBits;
    private const uint Used = 1;
    private const uint UsedInStore = 2;
    private const int SecondShift = 2;

    private const int Ranks = AgeSteps * 2;

    private readonly KeepRanking[] rankings = [new(Ranks), new(CleanLast.Ranks(Ranks))];
    private readonly KeepRanking oldest = new(CleanLast.Ranks(Ranks));

    public string Name => PolicyName;

    public bool KeepsAll => false;

    public void Added(in EntryRef entry, uint clock) => entry.PolicyState = Stamp(clock) | (entry.PolicyState == 0 ? 0 : Used | UsedInStore);

    public void Read(in EntryRef entry, uint clock) => entry.PolicyState = Stamp(clock) | Used | UsedInStore;

    public void Removed(in EntryRef entry)
    {
    }

    public bool Keep(in EntryRef entry, in ReclaimContext reclaim)
    {
        uint state = entry.PolicyState;
        entry.PolicyState = state & (reclaim.IsOldest ? ~(Used | UsedInStore) : ~Used);
        int rank = (AgeStep(IdleSeconds(state, reclaim.Clock)) * 2) + ((state & Used) != 0 ? 0 : 1);
        if (!reclaim.IsOldest)
            return rankings[(int)reclaim.Tier].Keep(CleanLast.Rank(rank, Ranks, entry, reclaim.Tier), EntryWeight.Of(entry), reclaim.KeepShare);
        if ((state & UsedInStore) != 0)
            return oldest.Keep(CleanLast.Rank(rank, Ranks, entry, reclaim.Tier), EntryWeight.Of(entry), reclaim.KeepShare);

        // The last of all, whatever its age: while a stream goes through, that is a second, and what is used had better be no older.
        oldest.Pass(CleanLast.Rank(Ranks - 1, Ranks, entry, reclaim.Tier), EntryWeight.Of(entry), reclaim.KeepShare);
        return false;
    }

    public EntryUsage UsageOf(in EntryRef entry, uint clock) => new(IdleSeconds(entry.PolicyState, clock), null);

    public void SetUsage(in EntryRef entry, EntryUsage usage, uint clock)
    {
        // The clock began with the store: what was idle for longer is as old as can be told.
        if (usage.IdleSeconds is { } idle)
            entry.PolicyState = idle > clock ? Used | UsedInStore : Stamp(clock - idle);
    }

    private static uint Stamp(uint clock) => (clock + 1) << SecondShift;

    private static uint IdleSeconds(uint state, uint clock) => clock + 1 > state >> SecondShift ? clock + 1 - (state >> SecondShift) : 0;

    private static int AgeStep(uint seconds)
    {
        int shift = Math.Max(0, BitOperations.Log2(seconds) - StepBits);
        return (shift << StepBits) + (int)(seconds >> shift);
    }
}
