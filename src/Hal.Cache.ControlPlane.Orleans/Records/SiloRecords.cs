using System.Collections.Concurrent;

namespace Hal.Cache.ControlPlane.Orleans.Records;

/// <summary>The ownership records that are on this silo. Thread-safe.</summary>
internal sealed class SiloRecords
{
    private readonly ConcurrentDictionary<(string Tree, int Record), RecordHost> hosts = new();

    public void Add(TreeKey key, RecordHost host) => hosts[(key.Tree, key.Record)] = host;

    /// <summary>Takes a record out, unless another life of it has come since.</summary>
    public void Remove(TreeKey key, RecordHost host) => hosts.TryRemove(new((key.Tree, key.Record), host));

    /// <summary>Null where the record is not here.</summary>
    public RecordHost? Find(string tree, int record) => hosts.GetValueOrDefault((tree, record));
}
