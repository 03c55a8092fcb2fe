using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Node.Tests.Support;

/// <summary>A policy that gives everything up when room is needed.</summary>
internal sealed class DropAll : IEvictionPolicy
{
    public string Name => "drop-all";

    public bool KeepsAll => false;

    public void Added(in EntryRef entry, uint clock)
    {
    }

    public void Read(in EntryRef entry, uint clock)
    {
    }

    public void Removed(in EntryRef entry)
    {
    }

    public bool Keep(in EntryRef entry, in ReclaimContext reclaim) => false;
}
