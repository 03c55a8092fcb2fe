using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Gateway.Tests.Commands;

/// <summary>Drops nothing, and has a test do something where a command makes or reads a key, under that key's lock.</summary>
internal sealed class CallingPolicy : IEvictionPolicy
{
    public Action Added { get; set; } = static () => { };

    public Action Read { get; set; } = static () => { };

    public string Name => "calling";

    public bool KeepsAll => true;

    void IEvictionPolicy.Added(in EntryRef entry, uint clock) => Added();

    void IEvictionPolicy.Read(in EntryRef entry, uint clock) => Read();

    public void Removed(in EntryRef entry)
    {
    }

    public bool Keep(in EntryRef entry, in ReclaimContext reclaim) => true;
}
