namespace Hal.Cache.Contracts.Storage;

/// <summary>
/// Binary keys with typed values within strict limits of memory and disk. Entries are found, read and changed under the lock of
/// their key's shard (a bit of a 64-bit mask, so that many are locked in one order); whatever may wait is outside of it.
/// </summary>
public interface IBlobStore : IAsyncDisposable
{
    /// <summary>Values longer than this are stored in chunks of <see cref="ChunkBytes"/>.</summary>
    const int InlineBytesMax = 16 << 10;

    /// <summary>Fixed slice of a large value, in bytes.</summary>
    const int ChunkBytes = 64 << 10;

    /// <summary>Number of databases.</summary>
    const int Databases = 16;

    /// <summary>Longest value, in bytes: a million chunks.</summary>
    const long ValueBytesMax = (long)ChunkBytes << 20;

    /// <summary>Mask of all shards.</summary>
    ulong AllShards { get; }

    /// <summary>True where replies wait for <see cref="WaitForCommitAsync"/>.</summary>
    bool AcknowledgesCommits { get; }

    /// <summary>Everything below this address is durable.</summary>
    long CommittedUntil { get; }

    IStoreStatistics Statistics { get; }

    /// <summary>The values' memory, where other processes may map it; else null.</summary>
    ISharedMemory? Shared { get; }

    /// <summary>End of what was appended to the log: what was written until now is durable when <see cref="CommittedUntil"/> has reached it.</summary>
    long AppendedUntil { get; }

    ulong Hash(ReadOnlySpan<byte> key);

    /// <summary>The one bit of the key's shard.</summary>
    ulong ShardOf(ulong hash);

    void Lock(ulong shards);

    void Unlock(ulong shards);

    /// <summary>
    /// Has keys of these shards expire by this time, in Unix milliseconds, until it is set to 0, which is the clock again: no time passes
    /// within a transaction or a script. Needs the locks, now and when it is set back.
    /// </summary>
    void SetTime(ulong shards, long now);

    /// <summary>The time by which keys of one shard expire, in Unix milliseconds. Needs its lock.</summary>
    long TimeOf(ulong shard);

    /// <summary>The live entry, or none; one that is past its expiry is removed and not found. Needs the lock.</summary>
    EntryRef Find(in BlobKey key, ref WriteScope scope);

    /// <summary>The next entry after one, or the first after none, among those of a database whose keys have this hash. Needs the lock.</summary>
    EntryRef FindNext(int database, ulong hash, in EntryRef after);

    /// <summary>The version that was given last in the shard of a hash: none of its entries has a higher one. Needs the lock.</summary>
    long LastVersion(ulong hash);

    /// <summary>A version above all that were given in the shard of a hash. Needs the lock.</summary>
    long TakeVersion(ulong hash);

    /// <summary>Tells the policy of a read, unless it is the one that a copy was brought for. Needs the lock.</summary>
    void Touch(in EntryRef entry);

    /// <summary>Adds or replaces a value of up to <see cref="InlineBytesMax"/> bytes; longer ones are staged first. Needs the lock.</summary>
    StoreStatus Put(in BlobKey key, BlobType type, ReadOnlySpan<byte> value, long expiresAt, EntryFlags flags, ref WriteScope scope);

    /// <summary>Adds or replaces a large value, which the store retains; the caller keeps its own reference. Needs the lock.</summary>
    StoreStatus Put(in BlobKey key, BlobType type, ILargeValue value, long expiresAt, EntryFlags flags, ref WriteScope scope);

    /// <summary>
    /// Adds or replaces an object, which is the store's from here on; changes of it go through <see cref="Change"/>. An object that is in
    /// the store under another key must not be put a second time. Needs the lock.
    /// </summary>
    StoreStatus Put(in BlobKey key, IObjectValue value, long expiresAt, EntryFlags flags, ref WriteScope scope);

    /// <summary>
    /// Adds or replaces a copy of an authority's object, which is the store's from here on: it is never changed and never logged, and
    /// dropped where others are spilled. Always Done. Needs the lock.
    /// </summary>
    StoreStatus PutCopy(in BlobKey key, IObjectValue value, OriginStamp stamp, long expiresAt, ref WriteScope scope);

    /// <summary>The structure of an entry that is an object and not on disk. Needs the lock, and is the caller's only as long as that.</summary>
    IObjectValue Object(in EntryRef entry);

    /// <summary>Has an object that is in memory stay as it is while it is written without the lock. Needs the lock, but not to be disposed.</summary>
    IObjectHold Hold(in EntryRef entry);

    /// <summary>
    /// To be asked before a structure is changed, with the bytes that it may grow by: Done says that <see cref="Change"/> will take it, as
    /// often as it is called until the lock is released; Full, that there is no room, or that the object is being written at this moment:
    /// wait as for room and try again. Done where the key has no object and there is room. Needs the lock.
    /// </summary>
    StoreStatus Reserve(in BlobKey key, long bytes);

    /// <summary>
    /// Notes that the caller has just changed the key's object in place as <see cref="IObjectValue.TryApply"/> would with these bytes: a
    /// new version, logged. It can't fail: where the log's buffer has filled up since <see cref="Reserve"/>, or the change is longer than a
    /// record, the whole object is written in the background, and the reply waits for that. Sinks are told of <paramref name="told"/>. Needs
    /// the lock.
    /// </summary>
    void Change(in BlobKey key, ReadOnlySpan<byte> change, ref WriteScope scope, KeyChange told = KeyChange.Replaced);

    /// <summary>
    /// Gives an object that is in memory another key (in any database) with its expiry, in place of what is there, without copying it; at
    /// once for a crash too. Needs both locks.
    /// </summary>
    StoreStatus Move(in BlobKey from, in BlobKey to, ref WriteScope scope);

    /// <summary>A deep copy of an object that is in memory, which the caller puts or frees; costs as much as writing and reading it. Needs the lock.</summary>
    Result<IObjectValue> Clone(in EntryRef entry);

    /// <summary>Removes the entry; false in <paramref name="removed"/> where there is none. Needs the lock.</summary>
    StoreStatus Remove(in BlobKey key, RemovalReason reason, ref WriteScope scope, out bool removed);

    /// <summary>Sets the expiry in Unix milliseconds, 0 for never, of an entry that exists. Needs the lock.</summary>
    StoreStatus SetExpiry(in BlobKey key, long expiresAt, ref WriteScope scope);

    /// <summary>Gives the records of the scope from here on one fate in a crash, until <see cref="Complete"/>; calls nest, and the outermost counts.</summary>
    void Begin(ref WriteScope scope);

    /// <summary>Ends what <see cref="Begin"/> began.</summary>
    void Complete(ref WriteScope scope);

    /// <summary>The large value of an entry. Needs the lock; to use it after the lock is gone, <see cref="ILargeValue.Retain"/> it.</summary>
    ILargeValue Large(in EntryRef entry);

    /// <summary>A new large value, empty, of a length that may still change; the caller fills it, then puts or releases it.</summary>
    ILargeValue Stage(long length);

    /// <summary>A large value with these bytes, at once; null where there is no room at this moment.</summary>
    ILargeValue? TryStage(ReadOnlySpan<byte> value);

    /// <summary>Bytes that the entry takes: header, key, value (of an object its structure, or what the log has of it). Needs the lock.</summary>
    long BytesOf(in EntryRef entry);

    /// <summary>What the eviction policy knows of the entry's use. Needs the lock.</summary>
    EntryUsage UsageOf(in EntryRef entry) => default;

    /// <summary>Tells the eviction policy what is known of the entry's use, as RESTORE does. Needs the lock.</summary>
    void SetUsage(in EntryRef entry, EntryUsage usage);

    /// <summary>
    /// Bounds memory from here on, in bytes: at most what the store was opened with, and at least what it needs to work. Values beyond it move to
    /// the log, or leave. Returns the bound that holds.
    /// </summary>
    long LimitMemory(long bytes);

    /// <summary>
    /// Has another eviction policy decide from here on; false where there is none of that name. What it knows of uses takes time to be true.
    /// With <paramref name="expiringOnly"/> what clients wrote is evicted only where it has an expiry.
    /// </summary>
    bool TrySetPolicy(string name, bool expiringOnly);

    /// <summary>Whether expired entries are removed before somebody asks for them, as they are from the start; without it they are still never found.</summary>
    bool ExpiresActively { get; set; }

    /// <summary>Whether expired entries stay, and count, until it is set back: neither the store nor who asks for one removes it, but none is found.</summary>
    bool KeepsExpired { get; set; }

    /// <summary>Has a sink told of every change from here on; while there is none, a change costs one read of a field more.</summary>
    void AddSink(IKeyChangeSink sink);

    void RemoveSink(IKeyChangeSink sink);

    /// <summary>Has entries stay from here on that a guard keeps; null for none.</summary>
    void SetGuard(IEvictionGuard? guard);

    /// <summary>Loads an entry's inline value or object from the log into memory; the key may have changed or gone when it completes.</summary>
    ValueTask<CacheError?> LoadAsync(int database, ReadOnlyMemory<byte> key, CancellationToken cancellation);

    /// <summary>Whether a write of so many bytes may start now. Cheap; needs no lock.</summary>
    bool HasRoom(long bytes);

    /// <summary>Completes with null when there is room, or with NoRoom or Unavailable where waiting does not help.</summary>
    ValueTask<CacheError?> MakeRoomAsync(long bytes, CancellationToken cancellation);

    ValueTask<CacheError?> WaitForCommitAsync(long address, CancellationToken cancellation);

    /// <summary>The same for who needs no other thread to hear of it; an end that is known already is told at once.</summary>
    void TellCommitted(long address, ICommitWaiter waiter);

    /// <summary>Writes all that is not yet in the log, and commits it.</summary>
    ValueTask<CacheError?> SaveAsync(CancellationToken cancellation);

    /// <summary>
    /// Visits at least <paramref name="count"/> entries of a database (-1: all), or fewer at the end, with the promise of Redis's SCAN;
    /// returns the next cursor, 0 at the end. Takes the locks itself, unless the caller holds all of them.
    /// </summary>
    ulong Scan(ulong cursor, int database, int count, IEntryVisitor visitor);

    /// <summary>A live entry chosen about evenly, none where the database is empty; needs all locks.</summary>
    EntryRef Random(int database, Random random);

    /// <summary>Number of entries, expired ones that were not yet removed included.</summary>
    long Count(int database);

    /// <summary>Number of entries with an expiry.</summary>
    long CountExpiring(int database);

    /// <summary>Empties a database, or all with -1; memory and disk come back in the background. Needs all locks.</summary>
    StoreStatus Flush(int database, ref WriteScope scope);

    /// <summary>Exchanges two databases. Needs all locks.</summary>
    StoreStatus Swap(int first, int second, ref WriteScope scope);
}
