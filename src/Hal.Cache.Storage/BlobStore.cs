using System.Numerics;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Eviction;
using Hal.Cache.Storage.Large;
using Hal.Cache.Storage.Log;
using Hal.Cache.Storage.Memory;
using Hal.Cache.Storage.Objects;
using Hal.Cache.Storage.Reclaim;

namespace Hal.Cache.Storage;

/// <summary>
/// A key table in memory over one log: values live in memory as long as there is room, and in the log from the first commit or spill on.
/// The table is the only index; a record is live while its entry points to it.
/// </summary>
internal sealed class BlobStore : IBlobStore
{
    private readonly StoreCore core;
    private readonly IRecordLog? log;
    private readonly Reclaimer reclaimer;
    private readonly Saver saver;
    private readonly SpaceLog spaceLog;
    private readonly EntryWrites writes;
    private readonly ObjectWrites objects;
    private readonly EntryScan scan;
    private readonly DataDirectory? data;

    public BlobStore(StoreCore core, Reclaimer reclaimer, Saver saver, SpaceLog spaceLog, DataDirectory? data, bool acknowledgesCommits)
    {
        this.data = data;
        (this.core, this.reclaimer, this.saver, this.spaceLog) = (core, reclaimer, saver, spaceLog);
        log = core.Log;
        writes = new EntryWrites(core);
        objects = new ObjectWrites(core, writes);
        scan = new EntryScan(core, this);
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
        {
            Shard shard = core.Shards[BitOperations.TrailingZeroCount(shards)];
            shard.Gate.Enter();
            shard.Depth++;
        }
    }

    public void Unlock(ulong shards)
    {
        for (; shards != 0; shards &= shards - 1)
        {
            int index = BitOperations.TrailingZeroCount(shards);
            Shard shard = core.Shards[index];
            if (--shard.Depth == 0 && core.Packer.IsOver(shard))
                core.Packer.PackSome(index);
            shard.Gate.Exit();
        }
    }

    public void SetTime(ulong shards, long now)
    {
        for (; shards != 0; shards &= shards - 1)
            core.Shards[BitOperations.TrailingZeroCount(shards)].Time = now;
    }

    public long TimeOf(ulong shard) => core.NowIn(core.Shards[BitOperations.TrailingZeroCount(shard)]);

    public unsafe EntryRef Find(in BlobKey key, ref WriteScope scope)
    {
        Shard shard = core.ShardOf(key.Hash);
        EntryHeader* entry = shard.Table.Find(key.Hash, core.Spaces.SpaceOf(key.Database), key.Bytes);
        if (entry == null)
            return default;
        var found = new EntryRef(entry);
        if ((entry->Flags & EntryFlags.HasExpiry) != 0 && found.ExpiresAt <= core.NowIn(shard))
        {
            if (!core.KeepsExpired && core.TryDrop(key.Hash, entry, KeyChange.Expired))
                core.Counters.Expired();
            return default;
        }

        if (AcknowledgesCommits)
        {
            bool isSlotted = (entry->Flags & EntryFlags.Slotted) != 0;
            long newest = isSlotted ? ObjectTable.NewestOf(entry, core.Objects.SlotOf(entry)) : entry->Address;
            if (newest > scope.Address)
                scope.Address = newest;
        }

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

    public unsafe void Touch(in EntryRef entry)
    {
        if ((entry.Flags & EntryFlags.Brought) != 0)
            entry.Header->Flags &= ~EntryFlags.Brought;
        else
            core.Policy.Read(entry, core.Clock);
    }

    public EntryUsage UsageOf(in EntryRef entry) => core.Policy.UsageOf(entry, core.Clock);

    public void SetUsage(in EntryRef entry, EntryUsage usage) => core.Policy.SetUsage(entry, usage, core.Clock);

    public ISharedMemory? Shared => core.Pool.Space;

    public bool ExpiresActively
    {
        get => reclaimer.ExpiresActively;
        set => reclaimer.ExpiresActively = value;
    }

    public bool KeepsExpired
    {
        get => core.KeepsExpired;
        set => core.KeepsExpired = value;
    }

    public long LimitMemory(long bytes)
    {
        StoreLimits limits = core.Limits;
        core.Pool.LimitBytes = Math.Clamp(bytes - core.LogBufferBytes, limits.MemoryBytesMin, limits.MemoryBytes);
        _ = core.Room.HasRoom(0); // has reclaiming begin where memory is short now
        return Statistics.MemoryLimitBytes;
    }

    public bool TrySetPolicy(string name, bool expiringOnly)
    {
        if (!EvictionPolicies.Names.Contains(name, StringComparer.OrdinalIgnoreCase))
            return false;
        if (!core.Policy.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            core.Policy = EvictionPolicies.Create(name);
        core.EvictsExpiringOnly = expiringOnly;
        core.Room.Pulse();
        return true;
    }

    public void AddSink(IKeyChangeSink sink) => core.AddSink(sink);

    public void RemoveSink(IKeyChangeSink sink) => core.RemoveSink(sink);

    public void SetGuard(IEvictionGuard? guard) => core.Guard = guard;

    public StoreStatus Put(in BlobKey key, BlobType type, ReadOnlySpan<byte> value, long expiresAt, EntryFlags flags, ref WriteScope scope) =>
        writes.Put(key, type, value, expiresAt, flags, ref scope);

    public StoreStatus Put(in BlobKey key, BlobType type, ILargeValue value, long expiresAt, EntryFlags flags, ref WriteScope scope) =>
        writes.Put(key, type, value, expiresAt, flags, ref scope);

    public StoreStatus Put(in BlobKey key, IObjectValue value, long expiresAt, EntryFlags flags, ref WriteScope scope) =>
        objects.Put(key, value, expiresAt, flags, ref scope);

    public StoreStatus PutCopy(in BlobKey key, IObjectValue value, OriginStamp stamp, long expiresAt, ref WriteScope scope) =>
        objects.PutCopy(key, value, stamp, expiresAt, ref scope);

    public unsafe IObjectHold Hold(in EntryRef entry) => objects.Hold(entry.Header);

    public unsafe IObjectValue Object(in EntryRef entry)
    {
        ObjectSlot slot = core.Packer.Open(entry.Header);
        slot.IsUsed = true;
        return slot.Value!;
    }

    public StoreStatus Reserve(in BlobKey key, long bytes) => objects.Reserve(key, bytes);

    public void Change(in BlobKey key, ReadOnlySpan<byte> change, ref WriteScope scope, KeyChange told) => objects.Change(key, change, told, ref scope);

    public StoreStatus Move(in BlobKey from, in BlobKey to, ref WriteScope scope) => objects.Move(from, to, ref scope);

    public Result<IObjectValue> Clone(in EntryRef entry) => objects.Clone(Object(entry));

    public StoreStatus Remove(in BlobKey key, RemovalReason reason, ref WriteScope scope, out bool removed) =>
        writes.Remove(key, reason, ref scope, out removed);

    public StoreStatus SetExpiry(in BlobKey key, long expiresAt, ref WriteScope scope) => writes.SetExpiry(key, expiresAt, ref scope);

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
        if (core.Spaces.TryLetGo())
            reclaimer.Drain();
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

    public unsafe long BytesOf(in EntryRef entry) => core.BytesOf(entry.Header, core.Hash.Of(entry.Key));

    public ValueTask<CacheError?> LoadAsync(int database, ReadOnlyMemory<byte> key, CancellationToken cancellation) =>
        ValueLoader.LoadAsync(core, database, key, cancellation);

    public bool HasRoom(long bytes) => core.Room.HasRoom(bytes);

    public ValueTask<CacheError?> MakeRoomAsync(long bytes, CancellationToken cancellation) => core.Room.MakeRoomAsync(bytes, cancellation);

    public ValueTask<CacheError?> WaitForCommitAsync(long address, CancellationToken cancellation) =>
        log == null ? default
            : address < ObjectWriter.FirstTicket ? log.WaitForCommitAsync(address, cancellation)
            : core.ObjectWriter.WaitAsync(address, cancellation);

    public void TellCommitted(long address, ICommitWaiter waiter)
    {
        ArgumentNullException.ThrowIfNull(waiter);
        if (log != null && address < ObjectWriter.FirstTicket)
            log.TellCommitted(address, waiter);
        else
            _ = TellAsync(WaitForCommitAsync(address, CancellationToken.None), waiter);

        static async Task TellAsync(ValueTask<CacheError?> commit, ICommitWaiter waiter) => waiter.Committed(await commit.ConfigureAwait(false));
    }

    public ValueTask<CacheError?> SaveAsync(CancellationToken cancellation) => saver.SaveAsync(cancellation);

    public ulong Scan(ulong cursor, int database, int count, IEntryVisitor visitor) => scan.Scan(cursor, database, count, visitor);

    public EntryRef Random(int database, Random random) => scan.Random(database, random);

    public long Count(int database) => scan.Count(database);

    public long CountExpiring(int database) => scan.CountExpiring(database);

    public StoreStatus Flush(int database, ref WriteScope scope)
    {
        if (core.IsWatched)
            core.TellFlushing(database, scope.Writer);
        for (int each = 0; each < IBlobStore.Databases; each++)
        {
            if ((database >= 0 && each != database) || Count(each) == 0)
                continue;
            if (!core.Spaces.TryRenew(each, holds: scope.Transaction != 0))
                return StoreStatus.Full;
        }

        spaceLog.Append(ref scope);
        writes.Changed(ref scope);
        if (scope.Transaction == 0)
            reclaimer.Drain();
        return StoreStatus.Done;
    }

    public StoreStatus Swap(int first, int second, ref WriteScope scope)
    {
        if (core.IsWatched)
            core.TellSwapping(first, second, scope.Writer);
        core.Spaces.Swap(first, second);
        spaceLog.Append(ref scope);
        writes.Changed(ref scope);
        return StoreStatus.Done;
    }

    public async ValueTask DisposeAsync()
    {
        await saver.StopAsync().ConfigureAwait(false);
        saver.Dispose();
        reclaimer.Stop();
        reclaimer.Dispose();
        core.ObjectWriter.Stop();
        if (log != null)
            await log.DisposeAsync().ConfigureAwait(false);
        data?.Dispose();
        core.Dispose();
    }
}
