using Hal.Cache.Coherence;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node.Tree.Tracking;

namespace Hal.Cache.Node.Tree;

/// <summary>
/// The copies of the authority's keys in this instance's store: entries whose stamp holds the authority's version and the registration
/// that the copy is served under. Called under the holder's lock; takes shard locks.
/// </summary>
internal sealed class CopyStore(IBlobStore store, TreeStatistics statistics) : ICopies
{
    /// <summary>Longest value that is kept inline: its stamp is behind it.</summary>
    public const int SmallBytesMax = IBlobStore.InlineBytesMax - OriginStamp.Bytes;

    private readonly Dictionary<long, PendingCopy> pending = [];

    public NegativeCopies Negatives { get; } = new();

    /// <summary>Hears of every copy that is no longer valid, before the authority is told so; null for nobody.</summary>
    public IKeyTracker? Tracker { get; set; }

    /// <summary>What a flight has brought, kept until <see cref="Put"/> or <see cref="Forget"/>.</summary>
    public void Bring(long flight, PendingCopy copy) => pending[flight] = copy;

    /// <summary>Lets go of what a flight brought.</summary>
    public void Forget(long flight)
    {
        if (pending.Remove(flight, out PendingCopy? copy))
            copy.Large?.Release();
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
        Tracker?.Invalidated(entry.Key);
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
        EntryFlags flags = EntryFlags.Clean | payload.Flags;
        if (isSame && held.ExpiresAt == payload.ExpiresAt && held.Type == payload.Type)
        {
            Register(held, stamp);
            return true;
        }

        if (isSame && held.IsLarge)
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
        payload.Bytes.Span.CopyTo(stamped);
        stamp.Write(stamped[length..]);
        return store.Put(key, payload.Type, stamped[..(length + OriginStamp.Bytes)], payload.ExpiresAt, flags, ref scope) == StoreStatus.Done;
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
