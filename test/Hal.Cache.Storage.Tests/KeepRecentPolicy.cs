using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Storage.Tests;

/// <summary>A second chance for what was read since it was last asked about.</summary>
internal sealed class KeepRecentPolicy(bool keepsAll) : IEvictionPolicy
{
    public string Name => "test";

    public bool KeepsAll => keepsAll;

    public void Added(in EntryRef entry, uint clock) => entry.PolicyState = 0;

    public void Read(in EntryRef entry, uint clock) => entry.PolicyState = 1;

    public void Removed(in EntryRef entry)
    {
    }

    public bool Keep(in EntryRef entry, in ReclaimContext reclaim)
    {
        bool keep = entry.PolicyState != 0;
        entry.PolicyState = 0;
        return keep;
    }
}
