using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Storage.Eviction;

/// <summary>
/// Least frequently used goes first: a logarithmic counter as in Redis (a million uses are 255), less one for each minute without use.
/// Entries of one count are told apart by whether they were used since they were last walked. Where the oldest are walked, what was not used since it
/// was written goes, unless its count is above a new entry's.
/// </summary>
/// <remarks>
/// State: minute of the last decay (22 bits), used since the log's old end was walked, used since any walk (1 bit each), counter (8 bits).
/// </remarks>
internal sealed class LfuPolicy(int seed) : IEvictionPolicy
{
    public const string PolicyName = "lfu";

    /// <summary>What a new entry starts with, so that it is not the first to go; Redis's LFU_INIT_VAL.</summary>
    private const uint CounterAtFirst = 5;

    private const uint CounterMax = 255;

    /// <summary>Redis's lfu-log-factor: how much less likely each further step of the counter is.</summary>
    private const uint LogFactor = 10;

    private const int Ranks = ((int)CounterMax + 1) * 2;
    private const uint Used = 1 << 8;
    private const uint UsedInStore = 1 << 9;
    private const int MinuteShift = 10;
    private const uint MinuteMask = uint.MaxValue >> MinuteShift;
    private const uint SecondsPerMinute = 60;

    private readonly StripedRandom random = new(seed);
    private readonly KeepRanking[] rankings = [new(Ranks), new(CleanLast.Ranks(Ranks))];
    private readonly KeepRanking oldest = new(CleanLast.Ranks(Ranks));

    public string Name => PolicyName;

    public bool KeepsAll => false;

    public void Added(in EntryRef entry, uint clock)
    {
        uint state = entry.PolicyState;
        if (state == 0)
            entry.PolicyState = Pack(CounterAtFirst, clock, 0);
        else if (Minute(clock) < state >> MinuteShift)
            entry.PolicyState = Pack(state & CounterMax, clock, 0); // from before a restart, when the clock was another
        else
            Read(entry, clock);
    }

    public void Read(in EntryRef entry, uint clock)
    {
        uint counter = CounterAt(entry.PolicyState, clock);
        entry.PolicyState = Pack(Rises(counter, entry) ? counter + 1 : counter, clock, Used | UsedInStore);
    }

    public void Removed(in EntryRef entry)
    {
    }

    public bool Keep(in EntryRef entry, in ReclaimContext reclaim)
    {
        uint counter = CounterAt(entry.PolicyState, reclaim.Clock);
        bool used = (entry.PolicyState & Used) != 0;
        uint usedInStore = entry.PolicyState & UsedInStore;
        entry.PolicyState = Pack(counter, reclaim.Clock, reclaim.IsOldest ? 0 : usedInStore);
        int rank = ((int)(CounterMax - counter) * 2) + (used ? 0 : 1);
        if (!reclaim.IsOldest)
            return rankings[(int)reclaim.Tier].Keep(CleanLast.Rank(rank, Ranks, entry, reclaim.Tier), EntryWeight.Of(entry), reclaim.KeepShare);
        if (usedInStore != 0 || counter > CounterAtFirst)
            return oldest.Keep(CleanLast.Rank(rank, Ranks, entry, reclaim.Tier), EntryWeight.Of(entry), reclaim.KeepShare);
        oldest.Pass(CleanLast.Rank(Ranks - 1, Ranks, entry, reclaim.Tier), EntryWeight.Of(entry), reclaim.KeepShare);
        return false;
    }

    public EntryUsage UsageOf(in EntryRef entry, uint clock) => new(null, (int)CounterAt(entry.PolicyState, clock));

    public void SetUsage(in EntryRef entry, EntryUsage usage, uint clock)
    {
        if (usage.Frequency is { } frequency)
            entry.PolicyState = Pack((uint)Math.Clamp(frequency, 0, (int)CounterMax), clock, 0);
    }

    private static uint Minute(uint clock) => (clock / SecondsPerMinute) & MinuteMask;

    private static uint Pack(uint counter, uint clock, uint used) => (Minute(clock) << MinuteShift) | used | counter;

    private static uint CounterAt(uint state, uint clock)
    {
        uint counter = state & CounterMax;
        uint passed = (Minute(clock) - (state >> MinuteShift)) & MinuteMask;
        return passed >= counter ? 0 : counter - passed;
    }

    private bool Rises(uint counter, in EntryRef entry)
    {
        if (counter == CounterMax)
            return false;
        if (counter <= CounterAtFirst)
            return true;
        return random.Next(entry) % (((counter - CounterAtFirst) * LogFactor) + 1) == 0;
    }
}
