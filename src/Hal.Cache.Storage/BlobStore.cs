using System.Numerics;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Large;
using Hal.Cache.Storage.Log;
using Hal.Cache.Storage.Memory;
using Hal.Cache.Storage.Reclaim;

namespace Hal.Cache.Storage;

/// <summary>
/// A key table in memory over one log: values live in memory as long as there is room, and in the log from the first commit or spill on.
/// The table is the only index; a record is live while its entry points to it.
/// </summary>
internal sealed class BlobStore : IBlobStore
{
    /// <summary>Buckets that a scan looks at in one call where it finds little: all of a small store's.</summary>
    private const long EmptyBucketsMax = 8192;

    private readonly StoreCore core;
    private readonly IRecordLog? log;
    private readonly Reclaimer reclaimer;
    private readonly Saver saver;
    private readonly SpaceLog spaceLog;

    private readonly DataDirectory? data;

    public BlobStore(StoreCore core, Reclaimer reclaimer, Saver saver, SpaceLog spaceLog, DataDirectory? data, bool acknowledgesCommits)
    {
        this.data = data;
        (this.core, this.reclaimer, this.saver, this.spaceLog) = (core, reclaimer, saver, spaceLog);
        log = core.Log;
        AcknowledgesCommits = acknowledgesCommits;
        AllShards = core.Shards.Length == Shard.CountMax ? ulong.MaxValue : (1UL << core.Shards.Length) - 1;
        Statistics = new StoreStatistics(core, saver);
    }

    public ulong AllShards { get; }

    public bool AcknowledgesCommits { get; }

    public long CommittedUntil => log?.CommittedUntil ?? long.MaxValue;

    public long AppendedUntil => log?.TailAddress ?? 0;

    public IStoreStatistics Statistics { get; }

    public ulong Hash(ReadOnlySpan<byte> key) => core.Hash.Of(key);

    public ulong ShardOf(ulong hash) => 1UL << core.ShardIndex(hash);

    public void Lock(ulong shards)
    {
        for (; shards != 0; shards &= shards - 1)
            core.Shards[BitOperations.TrailingZeroCount(shards)].Gate.Enter();
    }

    public void Unlock(ulong shards)
    {
        for (; shards != 0; shards &= shards - 1)
            core.Shards[BitOperations.TrailingZeroCount(shards)].Gate.Exit();
    }

    public unsafe EntryRef Find(in BlobKey key, ref WriteScope scope)
    {
        EntryHeader* entry = core.ShardOf(key.Hash).Table.Find(key.Hash, core.Spaces.SpaceOf(key.Database), key.Bytes);
        if (entry == null)
            return default;
        var found = new EntryRef(entry);
        if ((entry->Flags & EntryFlags.HasExpiry) != 0 && found.ExpiresAt <= core.Now)
        {
            if (core.TryDrop(key.Hash, entry, KeyChange.Expired))
                core.Counters.Expired();
            return default;
        }

        if (AcknowledgesCommits && entry->Address > scope.Address)
            scope.Address = entry->Address;
        return found;
    }

    public unsafe EntryRef FindNext(int database, ulong hash, in EntryRef after)
    {
        ushort space = core.Spaces.SpaceOf(database);
        EntryHeader* entry = after.IsNone ? core.ShardOf(hash).Table.Chain(hash) : KeyTable.Next(after.Header);
        while (entry != null && (entry->Space != space || core.Hash.Of(Shard.KeyOf(entry)) != hash))
            entry = KeyTable.Next(entry);
        return new EntryRef(entry);
    }

    public long LastVersion(ulong hash) => core.ShardOf(hash).LastVersion;

    public long TakeVersion(ulong hash) => core.ShardOf(hash).NextVersion();

    public void Touch(in EntryRef entry) => core.Policy.Read(entry, core.Clock);

    public EntryUsage UsageOf(in EntryRef entry) => core.Policy.UsageOf(entry, core.Clock);

    public void SetUsage(in EntryRef entry, EntryUsage usage) => core.Policy.SetUsage(entry, usage, core.Clock);

    public void AddSink(IKeyChangeSink sink) => core.AddSink(sink);

    public void RemoveSink(IKeyChangeSink sink) => core.RemoveSink(sink);

    public unsafe StoreStatus Put(in BlobKey key, BlobType type, ReadOnlySpan<byte> value, long expiresAt, EntryFlags flags, ref WriteScope scope)
    {
        Shard shard = core.ShardOf(key.Hash);
        ushort space = core.Spaces.SpaceOf(key.Database);
        long version = shard.NextVersion();
        long address = 0;
        if (core.AppendsAtOnce)
        {
            var header = new RecordHeader
            {
                Kind = RecordKind.Value, Flags = EntryRecords.FlagsOf(flags), Space = space, Version = version, ExpiresAt = expiresAt,
                Transaction = scope.Transaction, Type = (byte)type,
            };
            if (!log!.TryAppend(ref header, key.Bytes, value, out address))
                return StoreStatus.Full;
            Appended(address, ref scope);
        }

        EntryHeader* old = shard.Table.Find(key.Hash, space, key.Bytes);
        bool isNew = old == null;
        if (old != null && FitsInPlace(old, key, value.Length, expiresAt))
        {
            Overwrite(shard, key.Hash, old, type, value, expiresAt, flags, version, address);
        }
        else
        {
            EntryHeader* entry = shard.NewEntry(space, key.Bytes, type, value.Length, true, expiresAt, flags);
            value.CopyTo(Shard.StoredValue(entry));
            Link(shard, key.Hash, entry, old, version, address);
        }

        Changed(key, isNew, flags, ref scope);
        return StoreStatus.Done;
    }

    public unsafe StoreStatus Put(in BlobKey key, BlobType type, ILargeValue value, long expiresAt, EntryFlags flags, ref WriteScope scope)
    {
        var large = (LargeValue)value;
        Shard shard = core.ShardOf(key.Hash);
        ushort space = core.Spaces.SpaceOf(key.Database);
        EntryHeader* old = shard.Table.Find(key.Hash, space, key.Bytes);
        bool isNew = old == null;
        EntryHeader* entry = shard.NewEntry(space, key.Bytes, type, sizeof(long), true, expiresAt, flags | EntryFlags.Large);
        entry->Version = shard.NextVersion();
        int handle = core.TakeHandle(key.Hash, large);
        BitConverter.TryWriteBytes(Shard.StoredValue(entry), (long)handle);
        long address = 0;
        if (core.AppendsAtOnce && !core.TryAppend(entry, key.Hash, default, ref scope, out address))
        {
            core.Live.Add(0, core.RecordBytes(entry)); // Forget takes it off again
            core.Forget(key.Hash, entry);
            return StoreStatus.Full;
        }

        if (address != 0)
            Appended(address, ref scope);
        Link(shard, key.Hash, entry, old, entry->Version, address);
        Changed(key, isNew, flags, ref scope);
        return StoreStatus.Done;
    }

    public unsafe StoreStatus Remove(in BlobKey key, RemovalReason reason, ref WriteScope scope, out bool removed)
    {
        Shard shard = core.ShardOf(key.Hash);
        ushort space = core.Spaces.SpaceOf(key.Database);
        EntryHeader* entry = shard.Table.Find(key.Hash, space, key.Bytes);
        removed = entry != null;
        if (entry == null)
            return StoreStatus.Done;

        if (reason is RemovalReason.Evicted or RemovalReason.Expired)
        {
            if (!core.TryDrop(key.Hash, entry, reason == RemovalReason.Evicted ? KeyChange.Evicted : KeyChange.Expired))
                return StoreStatus.Full;
            if (reason == RemovalReason.Evicted)
                core.Counters.Evicted();
            else
                core.Counters.Expired();
            Changed(ref scope);
            return StoreStatus.Done;
        }

        if ((entry->Flags & EntryFlags.Logged) != 0)
        {
            var header = new RecordHeader
            {
                Kind = RecordKind.Delete, Space = space, Version = shard.NextVersion(), Transaction = scope.Transaction,
            };
            if (!log!.TryAppend(ref header, key.Bytes, default, out long address))
                return StoreStatus.Full;
            Appended(address, ref scope);
        }

        core.Unlink(key.Hash, entry);
        Changed(key, reason == RemovalReason.Invalidated ? KeyChange.Invalidated : KeyChange.Deleted, ref scope);
        return StoreStatus.Done;
    }

    public unsafe StoreStatus SetExpiry(in BlobKey key, long expiresAt, ref WriteScope scope)
    {
        Shard shard = core.ShardOf(key.Hash);
        ushort space = core.Spaces.SpaceOf(key.Database);
        EntryHeader* old = shard.Table.Find(key.Hash, space, key.Bytes);
        if (old == null)
            return StoreStatus.Done;
        long version = shard.NextVersion();
        if (old->Address != 0)
        {
            var header = new RecordHeader
            {
                Kind = RecordKind.Expiry, Space = space, Version = version, ExpiresAt = expiresAt, Transaction = scope.Transaction,
            };
            if (!log!.TryAppend(ref header, key.Bytes, default, out long address))
                return StoreStatus.Full;
            Appended(address, ref scope);
        }

        if (expiresAt != 0 && (old->Flags & EntryFlags.HasExpiry) != 0)
        {
            Queue(shard, key.Hash, old, expiresAt, new EntryRef(old).ExpiresAt);
            *(long*)Shard.ExpiryOf(old) = expiresAt;
            old->Version = version;
            Changed(key, KeyChange.ExpirySet, ref scope);
            return StoreStatus.Done;
        }

        bool inMemory = (old->Flags & EntryFlags.OnDisk) == 0;
        EntryHeader* entry = shard.NewEntry(
            space, key.Bytes, old->Type, (int)old->ValueBytes, inMemory, expiresAt, StoreCore.Kept(old->Flags) & ~EntryFlags.Queued);
        StoreCore.CopyState(old, entry);
        entry->Version = version;
        if (inMemory)
            Shard.StoredValue(old).CopyTo(Shard.StoredValue(entry));
        shard.Count(old, -1);
        shard.Count(entry, 1);
        shard.Table.Replace(key.Hash, old, entry);
        shard.Slab.Free(old);
        if (expiresAt != 0)
            Queue(shard, key.Hash, entry, expiresAt, long.MaxValue);
        Changed(key, KeyChange.ExpirySet, ref scope);
        return StoreStatus.Done;
    }

    public void Begin(ref WriteScope scope)
    {
        if (!core.AppendsAtOnce || scope.Depth++ > 0)
            return;
        (scope.Transaction, scope.Records, scope.FirstAddress) = (core.Chunks.TakeIds(1), 0, 0);
    }

    public void Complete(ref WriteScope scope)
    {
        if (scope.Transaction == 0 || --scope.Depth > 0)
            return;
        if (scope.Records > 0)
            spaceLog.EndTransaction(ref scope);
        scope.Transaction = 0;
    }

    public unsafe ILargeValue Large(in EntryRef entry) => core.LargeOf(entry.Header);

    public ILargeValue Stage(long length) => new LargeValue(core.Chunks, core.Room, length, [core.Chunks.TakeIds(LargeValue.CountOf(length))]);

    public ILargeValue? TryStage(ReadOnlySpan<byte> value)
    {
        var staged = (LargeValue)Stage(value.Length);
        for (int index = 0; index < staged.ChunkCount; index++)
        {
            if (staged.TryWriteChunk(index, value.Slice(index * IBlobStore.ChunkBytes, staged.BytesOf(index))))
                continue;
            staged.Release();
            return null;
        }

        return staged;
    }

    public unsafe long BytesOf(in EntryRef entry)
    {
        EntryHeader* header = entry.Header;
        if (!entry.IsLarge)
            return EntryHeader.Bytes + header->KeyBytes + header->ValueBytes;
        LargeValue large = core.LargeOf(header);
        return EntryHeader.Bytes + header->KeyBytes + large.Length;
    }

    public ValueTask<CacheError?> LoadAsync(int database, ReadOnlyMemory<byte> key, CancellationToken cancellation) =>
        ValueLoader.LoadAsync(core, database, key, cancellation);

    public bool HasRoom(long bytes) => core.Room.HasRoom(bytes);

    public ValueTask<CacheError?> MakeRoomAsync(long bytes, CancellationToken cancellation) => core.Room.MakeRoomAsync(bytes, cancellation);

    public ValueTask<CacheError?> WaitForCommitAsync(long address, CancellationToken cancellation) =>
        log?.WaitForCommitAsync(address, cancellation) ?? default;

    public ValueTask<CacheError?> SaveAsync(CancellationToken cancellation) => saver.SaveAsync(cancellation);

    public ulong Scan(ulong cursor, int database, int count, IEntryVisitor visitor)
    {
        // The low bits of a cursor are the shard, the others the place in its table.
        int shardBits = BitOperations.Log2((uint)core.Shards.Length);
        int index = (int)(cursor & ((1UL << shardBits) - 1));
        ulong place = cursor >> shardBits;
        var wrapped = new ShardVisitor(core.Spaces, database, core.Now, visitor);
        for (int buckets = 0; index < core.Shards.Length; index++, place = 0)
        {
            Shard shard = core.Shards[index];
            lock (shard.Gate)
            {
                do
                {
                    place = shard.Table.Scan(place, ref wrapped);
                    if (wrapped.Visited >= count || ++buckets >= Math.Max(EmptyBucketsMax, 10L * count))
                    {
                        if (place != 0)
                            return (place << shardBits) | (uint)index;
                        return index + 1 < core.Shards.Length ? (uint)index + 1 : 0;
                    }
                }
                while (place != 0);
            }
        }

        return 0;
    }

    public unsafe EntryRef Random(int database, Random random)
    {
        const int tries = 100;
        int space = core.Spaces.SpaceOf(database);
        if (Count(database) == 0)
            return default;
        for (int attempt = 0; ; attempt++)
        {
            EntryHeader* entry = core.Shards[random.Next(core.Shards.Length)].Table.Sample(random);
            if (entry != null && entry->Space == space && new EntryRef(entry).ExpiresAt is var at && (at == 0 || at > core.Now))
                return new EntryRef(entry);
            if (attempt >= tries)
                return FirstEntry.Of(this, database);
        }
    }

    public long Count(int database) => Sum(core.Spaces.SpaceOf(database), expiring: false);

    public long CountExpiring(int database) => Sum(core.Spaces.SpaceOf(database), expiring: true);

    public StoreStatus Flush(int database, ref WriteScope scope)
    {
        if (core.IsWatched)
            core.TellFlushing(database, scope.Writer);
        for (int each = 0; each < IBlobStore.Databases; each++)
        {
            if ((database >= 0 && each != database) || Count(each) == 0)
                continue;
            if (!core.Spaces.TryRenew(each))
                return StoreStatus.Full;
        }

        spaceLog.Append(ref scope);
        Changed(ref scope);
        reclaimer.Drain();
        return StoreStatus.Done;
    }

    public StoreStatus Swap(int first, int second, ref WriteScope scope)
    {
        if (core.IsWatched)
            core.TellSwapping(first, second, scope.Writer);
        core.Spaces.Swap(first, second);
        spaceLog.Append(ref scope);
        Changed(ref scope);
        return StoreStatus.Done;
    }

    public async ValueTask DisposeAsync()
    {
        await saver.StopAsync().ConfigureAwait(false);
        saver.Dispose();
        reclaimer.Stop();
        reclaimer.Dispose();
        if (log != null)
            await log.DisposeAsync().ConfigureAwait(false);
        data?.Dispose();
        core.Dispose();
    }

    private static unsafe bool FitsInPlace(EntryHeader* old, in BlobKey key, int valueBytes, long expiresAt)
    {
        if ((old->Flags & (EntryFlags.OnDisk | EntryFlags.Large)) != 0 || (expiresAt != 0) != ((old->Flags & EntryFlags.HasExpiry) != 0))
            return false;
        int bytes = EntryHeader.Bytes + key.Bytes.Length + (expiresAt != 0 ? sizeof(long) : 0) + valueBytes;
        return bytes <= SizeClasses.SlotBytesMax && SizeClasses.Of(bytes) == old->SizeClass;
    }

    private unsafe void Overwrite(
        Shard shard, ulong hash, EntryHeader* entry, BlobType type, ReadOnlySpan<byte> value, long expiresAt, EntryFlags flags, long version,
        long address)
    {
        long oldAddress = entry->Address;
        if (log != null && (oldAddress != 0 || address != 0 || entry->ValueBytes != value.Length))
        {
            core.Live.Remove(oldAddress, core.RecordBytes(entry));
            core.Live.Add(address, log.RecordBytes(entry->KeyBytes, value.Length));
        }

        long oldExpiry = new EntryRef(entry).ExpiresAt;
        entry->ValueBytes = (uint)value.Length;
        entry->Type = type;
        entry->Version = version;
        entry->Flags = flags | (entry->Flags & (EntryFlags.InUse | EntryFlags.HasExpiry | EntryFlags.Queued | EntryFlags.Logged));
        SetAddress(entry, address);
        value.CopyTo(Shard.StoredValue(entry));
        if (expiresAt != 0)
        {
            *(long*)Shard.ExpiryOf(entry) = expiresAt;
            Queue(shard, hash, entry, expiresAt, oldExpiry);
        }

        core.Policy.Added(new EntryRef(entry), core.Clock);
    }

    private unsafe void Link(Shard shard, ulong hash, EntryHeader* entry, EntryHeader* old, long version, long address)
    {
        entry->Version = version;
        long queuedAt = long.MaxValue;
        if (old != null)
        {
            if ((old->Flags & EntryFlags.HasExpiry) != 0 && (entry->Flags & EntryFlags.HasExpiry) != 0)
            {
                queuedAt = new EntryRef(old).ExpiresAt;
                entry->Flags |= old->Flags & EntryFlags.Queued;
            }

            entry->Flags |= old->Flags & EntryFlags.Logged;
            entry->PolicyState = old->PolicyState; // what is overwritten keeps the history of its use
            shard.Table.Replace(hash, old, entry);
            shard.Count(old, -1);
            core.Forget(hash, old);
        }
        else
        {
            shard.Table.Add(hash, entry);
        }

        SetAddress(entry, address);
        shard.Count(entry, 1);
        core.Live.Add(address, core.RecordBytes(entry));
        if ((entry->Flags & EntryFlags.HasExpiry) != 0)
            Queue(shard, hash, entry, new EntryRef(entry).ExpiresAt, queuedAt);
        core.Policy.Added(new EntryRef(entry), core.Clock);
    }

    private unsafe void SetAddress(EntryHeader* entry, long address)
    {
        entry->Address = address;
        if (address != 0)
            entry->Flags |= EntryFlags.Logged;
        else if (log != null)
            entry->Flags |= EntryFlags.Dirty;
    }

    private static void Appended(long address, ref WriteScope scope)
    {
        scope.Address = address;
        if (scope.Transaction == 0)
            return;
        if (scope.Records++ == 0)
            scope.FirstAddress = address;
    }

    private void Changed(in BlobKey key, bool isNew, EntryFlags flags, ref WriteScope scope)
    {
        Changed(ref scope);
        if (!core.IsWatched)
            return;

        // An origin's object that is fetched for the first time was there before, for all that clients know.
        bool isClean = (flags & EntryFlags.Clean) != 0;
        if (!isClean || !isNew)
            core.Tell(key, isClean ? KeyChange.Invalidated : isNew ? KeyChange.Added : KeyChange.Replaced, scope.Writer);
        if (isClean)
            core.Tell(key, KeyChange.Fetched, scope.Writer);
    }

    private void Changed(in BlobKey key, KeyChange change, ref WriteScope scope)
    {
        Changed(ref scope);
        if (core.IsWatched)
            core.Tell(key, change, scope.Writer);
    }

    private void Changed(ref WriteScope scope)
    {
        scope.Changes++;
        core.Counters.Changed();
    }

    private long Sum(int space, bool expiring)
    {
        long sum = 0;
        foreach (Shard shard in core.Shards)
            sum += expiring ? Volatile.Read(ref shard.ExpiringBySpace[space]) : Volatile.Read(ref shard.KeysBySpace[space]);
        return sum;
    }

    private static unsafe void Queue(Shard shard, ulong hash, EntryHeader* entry, long at, long queuedAt)
    {
        if ((entry->Flags & EntryFlags.Queued) == 0 || at < queuedAt)
            shard.Expiries.Add(at, hash);
        entry->Flags |= EntryFlags.Queued;
    }
}
