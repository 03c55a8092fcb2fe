using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Gateway.Tests.Commands;

/// <summary>Drops nothing.</summary>
internal sealed class KeepsAllPolicy : IEvictionPolicy
{
    public string Name => "keepsall";

    public bool KeepsAll => true;

    public void Added(in EntryRef entry, uint clock)
    {
    }

    public void Read(in EntryRef entry, uint clock)
    {
    }

    public void Removed(in EntryRef entry)
    {
    }

    public bool Keep(in EntryRef entry, in ReclaimContext reclaim) => true;
}
