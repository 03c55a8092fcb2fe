using Hal.Cache.Coherence;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node.Tree.Collections;
using Hal.Cache.Node.Tree.Tracking;

namespace Hal.Cache.Node.Tree;

/// <summary>
/// The copies of the authority's keys in this instance's store: entries whose stamp holds the authority's version and the registration
/// that the copy is served under. Called under the holder's lock; takes shard locks.
/// </summary>
internal sealed class CopyStore(IBlobStore store, TreeStatistics statistics, CollectionPulls collections) : ICopies
{
    /// <summary>Longest value that is kept inline: its stamp is before it.</summary>
    public const int SmallBytesMax = IBlobStore.InlineBytesMax - OriginStamp.Bytes;

    private readonly Dictionary<long, PendingCopy> pending = [];

    public NegativeCopies Negatives { get; } = new();

    /// <summary>Hears of every copy that is no longer valid, before the authority is told so; null for nobody.</summary>
    public IKeyTracker? Tracker { get; set; }

    /// <summary>Hears of every large value that is no longer valid, before the authority is told so; with locks held.</summary>
    public Action<ILargeValue>? LargeEnded { get; set; }

    /// <summary>What a flight has brought, kept until <see cref="Put"/> or <see cref="Forget"/>.</summary>
    public void Bring(long flight, PendingCopy copy) => pending[flight] = copy;

    /// <summary>Lets go of what a flight brought.</summary>
    public void Forget(long flight)
    {
        if (pending.Remove(flight, out PendingCopy? copy))
            copy.Release();
    }

    /// <summary>Whether the copy of this version is here as a collection, and not as the bytes of one that are passed on.</summary>
    public bool HasObject(in ObjectKey key, long version)
    {
        ulong shard = store.ShardOf(key.Id.Hash);
        store.Lock(shard);
        try
        {
            var scope = default(WriteScope);
            EntryRef entry = store.Find(new BlobKey(key.Id.Database, key.Bytes.Span, key.Id.Hash), ref scope);
            return TryStamp(entry, out OriginStamp stamp) && entry.IsObject && stamp.Validator == (ulong)version;
        }
        finally
        {
            store.Unlock(shard);
        }
    }

    /// <summary>Whether a copy of the key is here that was registered, and read since it came or was written here.</summary>
    public bool IsReadHere(in ObjectKey key)
    {
        ulong shard = store.ShardOf(key.Id.Hash);
        store.Lock(shard);
        try
        {
            var scope = default(WriteScope);
            EntryRef entry = store.Find(new BlobKey(key.Id.Database, key.Bytes.Span, key.Id.Hash), ref scope);
            return TryStamp(entry, out OriginStamp stamp) && stamp.ValidatedAt != CopyHolder.Suspect && (entry.Flags & EntryFlags.Unread) == 0;
        }
        finally
        {
            store.Unlock(shard);
        }
    }

    /// <summary>Notes that a copy is about to go that could still be served. Needs its shard's lock.</summary>
    public void Ended(KeyId id, in EntryRef entry)
    {
        if (entry.IsObject)
            collections.Ledger.Ended(id, store.BytesOf(entry), entry.CopyReads);
    }

    public CopyState? TryGet(in ObjectKey key)
    {
        ulong shard = store.ShardOf(key.Id.Hash);
        store.Lock(shard);
        try
        {
            var scope = default(WriteScope);
            EntryRef entry = store.Find(new BlobKey(key.Id.Database, key.Bytes.Span, key.Id.Hash), ref scope);
            if (TryStamp(entry, out OriginStamp stamp))
                return new((long)stamp.Validator, stamp.ValidatedAt, Absent: false);
        }
        finally
        {
            store.Unlock(shard);
        }

        return Negatives.TryGet(key);
    }

    public bool HasAny(KeyId key, long above)
    {
        ulong shard = store.ShardOf(key.Hash);
        store.Lock(shard);
        try
        {
            for (EntryRef entry = store.FindNext(key.Database, key.Hash, default); !entry.IsNone; entry = store.FindNext(key.Database, key.Hash, entry))
            {
                if (TryStamp(entry, out OriginStamp stamp) && stamp.ValidatedAt > above)
                    return true;
            }
        }
        finally
        {
            store.Unlock(shard);
        }

        return Negatives.HasAny(key, above);
    }

    public void Put(in ObjectKey key, long flight, in CopyUpdate copy)
    {
        var blob = new BlobKey(key.Id.Database, key.Bytes.Span, key.Id.Hash);
        ulong shard = store.ShardOf(key.Id.Hash);
        store.Lock(shard);
        try
        {
            if (copy.Absent)
            {
                var scope = default(WriteScope);
                store.Remove(blob, RemovalReason.Invalidated, ref scope, out _);
            }
            else if (pending.TryGetValue(flight, out PendingCopy? brought))
            {
                brought.HasFailed = !TryPut(blob, brought, copy);
                if (brought is { IsOwn: true, HasFailed: false })
                    statistics.HeldWrite();
            }
        }
        finally
        {
            store.Unlock(shard);
        }

        if (copy.Absent)
            Negatives.Put(key, copy);
        else
            Negatives.Remove(key);
    }

    public void Invalidate(KeyId key, long below)
    {
        statistics.Invalidated();
        Negatives.Invalidate(key, below, Tracker);
        ulong shard = store.ShardOf(key.Hash);
        store.Lock(shard);
        try
        {
            EntryRef next;
            for (EntryRef entry = store.FindNext(key.Database, key.Hash, default); !entry.IsNone; entry = next)
            {
                next = store.FindNext(key.Database, key.Hash, entry);
                Invalidate(key, entry, below);
            }
        }
        finally
        {
            store.Unlock(shard);
        }
    }

    public void InvalidateAll() => Tracker?.AllInvalidated();

    /// <summary>The stamp of a copy; false where there is none, or it is in the log only.</summary>
    public bool TryStamp(in EntryRef entry, out OriginStamp stamp)
    {
        stamp = default;
        if (entry.IsNone || (entry.Flags & EntryFlags.Clean) == 0 || (entry.IsOnDisk && !entry.IsLarge))
            return false;
        stamp = entry.IsLarge ? store.Large(entry).Origin ?? default : entry.ReadStamp();
        if ((entry.Flags & EntryFlags.Suspect) != 0)
            stamp = new(stamp.Validator, CopyHolder.Suspect);
        return true;
    }

    private void Invalidate(KeyId id, in EntryRef entry, long below)
    {
        if (TryStamp(entry, out OriginStamp stamp) && (stamp.ValidatedAt == CopyHolder.Immutable || (long)stamp.Validator >= below))
            return;
        if (stamp.ValidatedAt != CopyHolder.Suspect)
            Ended(id, entry);
        Tracker?.Invalidated(entry.Key);
        if (entry.IsLarge)
            LargeEnded?.Invoke(store.Large(entry));
        entry.MarkSuspect(true); // that always succeeds; the removal may have to wait for room in the log, and then the next copy replaces it
        var scope = default(WriteScope);
        store.Remove(new BlobKey(id.Database, entry.Key, id.Hash), RemovalReason.Invalidated, ref scope, out _);
    }

    private bool TryPut(in BlobKey key, PendingCopy brought, in CopyUpdate copy)
    {
        var scope = default(WriteScope);
        var stamp = new OriginStamp((ulong)copy.Version, copy.Registration, copy.ExpiresAt == long.MaxValue ? 0 : Math.Max(1, copy.ExpiresAt));
        EntryRef held = store.Find(key, ref scope);
        bool isSame = TryStamp(held, out OriginStamp had) && had.Validator == stamp.Validator;
        CopyPayload payload = brought.Payload;
        if (brought.Object is { } collection)
            return PutObject(key, brought, collection, stamp, isSame && held.IsLarge ? store.Large(held) : null);
        EntryFlags flags = EntryFlags.Clean | payload.Flags | (brought.IsOwn ? EntryFlags.Unread : EntryFlags.None);
        if (isSame && held.ExpiresAt == payload.ExpiresAt && held.Type == payload.Type)
        {
            Register(held, stamp);
            return true;
        }

        if (isSame && held.IsLarge && payload.Type == BlobType.String)
        {
            ILargeValue value = store.Large(held); // a relay kept the bytes without knowing what they are
            value.Origin = stamp;
            return store.Put(key, payload.Type, value, payload.ExpiresAt, flags, ref scope) == StoreStatus.Done;
        }

        if (brought.Large is { } large)
        {
            large.Origin = stamp;
            return store.Put(key, payload.Type, large, payload.ExpiresAt, flags, ref scope) == StoreStatus.Done;
        }

        if (!payload.HasBytes)
            return false; // the copy that the authority said is current has gone meanwhile
        int length = payload.Bytes.Length;
        Span<byte> stamped = stackalloc byte[IBlobStore.InlineBytesMax];
        stamp.Write(stamped);
        payload.Bytes.Span.CopyTo(stamped[OriginStamp.Bytes..]);
        return store.Put(key, payload.Type, stamped[..(length + OriginStamp.Bytes)], payload.ExpiresAt, flags, ref scope) == StoreStatus.Done;
    }

    // The bytes that it was made of stay for those who fetch them through this instance. One that was overtaken meanwhile served one command.
    private bool PutObject(in BlobKey key, PendingCopy brought, IObjectValue collection, OriginStamp stamp, ILargeValue? blob)
    {
        if (blob != null)
            collections.Snapshots.Keep(key.Hash, (long)stamp.Validator, blob);
        if (stamp.ValidatedAt == CopyHolder.Suspect)
            collections.Ledger.Ended(new KeyId(key.Hash, (ushort)key.Database), brought.Size, reads: 1);
        var scope = default(WriteScope);
        brought.IsObjectTaken = store.PutCopy(key, collection, stamp, brought.Payload.ExpiresAt, ref scope) == StoreStatus.Done;
        return brought.IsObjectTaken;
    }

    private void Register(in EntryRef entry, OriginStamp stamp)
    {
        entry.MarkSuspect(false);
        if (entry.IsLarge)
            store.Large(entry).Origin = stamp;
        else
            entry.WriteStamp(stamp);
    }
}
