using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Node.Tree;

/// <summary>
/// Versions of an origin's objects that the root gave and has evicted since, with the origin's validator: whoever is still reading one of
/// them gets its bytes from the same object, read again, instead of losing it in the middle. The newest <see cref="Max"/> are known.
/// </summary>
internal sealed class EvictedVersions(IBlobStore store) : IKeyChangeSink, IDisposable
{
    public const int Max = 16_384;

    private readonly Lock gate = new();
    private readonly Dictionary<(ulong Hash, int Database, long Version), ulong> validators = [];
    private readonly Queue<(ulong Hash, int Database, long Version)> order = new();

    public void Start() => store.AddSink(this);

    public void Dispose() => store.RemoveSink(this);

    /// <summary>The validator that an evicted version had.</summary>
    public bool TryFind(in BlobKey key, long version, out ulong validator)
    {
        lock (gate)
            return validators.TryGetValue((key.Hash, key.Database, version), out validator);
    }

    public void Changed(in BlobKey key, KeyChange change, in KeyBefore before, long writer)
    {
        if (change != KeyChange.Evicted || before.Stamp is not { } stamp)
            return;
        lock (gate)
        {
            if (!validators.TryAdd((key.Hash, key.Database, before.Version), stamp.Validator))
                return;
            order.Enqueue((key.Hash, key.Database, before.Version));
            if (order.Count > Max)
                validators.Remove(order.Dequeue());
        }
    }

    void IKeyChangeSink.Changed(in BlobKey key, KeyChange change, long writer)
    {
        // Told with what was there before.
    }

    void IKeyChangeSink.Flushing(int database, long writer)
    {
        // What is emptied is not evicted: its versions are gone for readers, too.
    }

    void IKeyChangeSink.Swapping(int first, int second, long writer)
    {
        // A version of one database is none of another's: it is not found, which is true.
    }
}
