namespace Hal.Cache.Contracts.Storage;

/// <summary>
/// Is told of every change of a key, whoever makes it: by the thread that does, under the lock of the key's shard (of all shards for whole
/// databases). It must be short, must not wait and must not call the store with other keys.
/// </summary>
public interface IKeyChangeSink
{
    /// <summary>A key changed; <paramref name="writer"/> is <see cref="WriteScope.Writer"/>, 0 where the store did it on its own.</summary>
    void Changed(in BlobKey key, KeyChange change, long writer);

    /// <summary>The same, with what was there before; whoever wants to know it implements this one.</summary>
    void Changed(in BlobKey key, KeyChange change, in KeyBefore before, long writer) => Changed(key, change, writer);

    /// <summary>A database, or all with -1, is about to be emptied.</summary>
    void Flushing(int database, long writer);

    /// <summary>Two databases are about to be exchanged.</summary>
    void Swapping(int first, int second, long writer);
}
