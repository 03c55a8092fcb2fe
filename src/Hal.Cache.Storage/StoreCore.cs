using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Large;
using Hal.Cache.Storage.Log;
using Hal.Cache.Storage.Memory;
using Hal.Cache.Storage.Objects;

namespace Hal.Cache.Storage;

/// <summary>
/// What every part of a store works on: shards, chunks, log, budgets; and the steps on one entry that several parts take. All of these
/// need the lock of the entry's shard.
/// </summary>
internal sealed unsafe class StoreCore : IDisposable
{
    private const int ShardBitsFrom = 40; // bits of the hash that neither buckets nor link tags use
    private const int SmallShards = 16;
    private const long SmallMemoryBytes = 4L << 30;
    private const int LargeManagedBytes = 192;

    /// <summary>Addresses of shared memory for each byte of the budget, which may be overdrawn for a moment; those that are not used cost nothing.</summary>
    private const int SharedPart = 2;

    /// <summary>The policies' clock at the start, 194 days in seconds: what RESTORE brings may have been idle for longer than this process runs.</summary>
    private const uint ClockStart = 1 << 24;

    private readonly TimeProvider time;
    private readonly long epoch;
    private readonly List<LargeValue?>[] handles;
    private readonly Stack<int>[] freeHandles;
    private volatile IKeyChangeSink[] sinks = [];
    private volatile IEvictionGuard? guard;
    private volatile IEvictionPolicy policy;
    private volatile bool evictsExpiringOnly;
    private volatile bool keepsExpired;
    private uint clock = ClockStart;

    public StoreCore(BlobStoreOptions options, IEvictionPolicy policy, IRecordLog? log, long logBufferBytes, TimeProvider time)
    {
        this.time = time;
        this.policy = policy;
        Damage = new DamageTally(options.Damaged);
        Hash = new KeyHash(options.HashSeed);
        Log = log;
        LogBufferBytes = logBufferBytes;
        AppendsAtOnce = log != null && options.Durability != StoreDurability.None;
        long memory = options.MemoryBytes - logBufferBytes;
        Limits = MakeLimits(options, memory, log);
        Pool = new PagePool(memory, Limits.MemorySlackBytes / 2, options.IsShared ? SharedSpace.TryMake(memory * SharedPart) : null);
        Live = log != null ? new LiveBytes(log.SegmentBytes, options.DiskBytes) : new LiveBytes(1 << 30, 1 << 30);
        Room = new RoomGate(Pool, log, Live, Limits, time);
        Room.KeepsEverything = () => Policy.KeepsAll && !HasClean;
        Chunks = new ChunkStore(Pool, log, Live, Counters, Room, AppendsAtOnce);
        Shards = new Shard[options.MemoryBytes <= SmallMemoryBytes ? SmallShards : Shard.CountMax];
        for (int index = 0; index < Shards.Length; index++)
        {
            Shards[index] = new Shard(index, Hash, Pool);
            Shards[index].RaiseVersion(options.VersionFloor);
        }

        handles = Array.ConvertAll(Shards, _ => new List<LargeValue?>());
        freeHandles = Array.ConvertAll(Shards, _ => new Stack<int>());
        Objects = new ObjectTable(this);
        ObjectRecords = new ObjectRecords(this);
        ObjectWriter = new ObjectWriter(this);
        Codec = options.ObjectCodec;
        Packer = new ObjectPacker(this, options.UnpackedObjectsMax);
        epoch = time.GetTimestamp();
    }

    public KeyHash Hash { get; }

    public Shard[] Shards { get; }

    public SpaceMap Spaces { get; } = new();

    public PagePool Pool { get; }

    public LiveBytes Live { get; }

    public IRecordLog? Log { get; }

    public ChunkStore Chunks { get; }

    public RoomGate Room { get; }

    public StoreLimits Limits { get; }

    public ObjectTable Objects { get; }

    public ObjectRecords ObjectRecords { get; }

    public ObjectWriter ObjectWriter { get; }

    public ObjectPacker Packer { get; }

    public IObjectCodec? Codec { get; }

    /// <summary>Memory of the log, which is part of the budget.</summary>
    public long LogBufferBytes { get; }

    public StoreCounters Counters { get; } = new();

    public DamageTally Damage { get; }

    /// <summary>Decides what stays; another one begins with what the states of entries mean to it.</summary>
    public IEvictionPolicy Policy
    {
        get => policy;
        set => policy = value;
    }

    /// <summary>Whether nothing that a client wrote is evicted unless it has an expiry.</summary>
    public bool EvictsExpiringOnly
    {
        get => evictsExpiringOnly;
        set => evictsExpiringOnly = value;
    }

    /// <summary>Whether what has expired stays for now, though it is not found.</summary>
    public bool KeepsExpired
    {
        get => keepsExpired;
        set => keepsExpired = value;
    }

    /// <summary>True where each change is appended to the log when it is made.</summary>
    public bool AppendsAtOnce { get; }

    /// <summary>Whether there are objects of an origin, which can be read again and so go before what clients wrote.</summary>
    public bool HasClean
    {
        get
        {
            foreach (Shard shard in Shards)
            {
                if (Volatile.Read(ref shard.CleanKeys) > 0)
                    return true;
            }

            return false;
        }
    }

    /// <summary>Seconds, for policies; it does not begin with 0.</summary>
    public uint Clock => Volatile.Read(ref clock);

    public long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>The time by which keys of a shard expire, in Unix milliseconds. Needs its lock.</summary>
    public long NowIn(Shard shard) => shard.Time is not 0 and var set ? set : Now;

    /// <summary>Whether anybody wants to be told of changes.</summary>
    public bool IsWatched => sinks.Length != 0;

    public void AddSink(IKeyChangeSink sink)
    {
        lock (Spaces)
            sinks = [.. sinks, sink];
    }

    public void RemoveSink(IKeyChangeSink sink)
    {
        lock (Spaces)
            sinks = [.. sinks.Where(other => other != sink)];
    }

    /// <summary>What has entries stay whatever the policy says; null for nothing.</summary>
    public IEvictionGuard? Guard
    {
        get => guard;
        set => guard = value;
    }

    /// <summary>Whether an entry must not be evicted.</summary>
    public bool IsGuarded(EntryHeader* entry) =>
        (evictsExpiringOnly && (entry->Flags & (EntryFlags.HasExpiry | EntryFlags.Clean)) == 0)
        || (guard is { } keeps && Spaces.DatabaseOf(entry->Space) is >= 0 and var database
            && keeps.Keeps(new BlobKey(database, Shard.KeyOf(entry), Hash.Of(Shard.KeyOf(entry)))));

    /// <summary>The one place through which every change of a key passes.</summary>
    public void Tell(in BlobKey key, KeyChange change, in KeyBefore before, long writer)
    {
        foreach (IKeyChangeSink sink in sinks)
            sink.Changed(key, change, before, writer);
    }

    /// <summary>What is told of an entry that is about to change or go; nothing while nobody wants to know, or where there is none.</summary>
    public KeyBefore Before(EntryHeader* entry, ulong hash)
    {
        if (sinks.Length == 0 || entry == null)
            return default;
        var old = new EntryRef(entry);
        bool isClean = (old.Flags & EntryFlags.Clean) != 0;
        if (!old.IsLarge)
            return new(old.Flags, BytesOf(entry, hash), old.Version, isClean && !old.IsOnDisk && !old.IsObject ? old.ReadStamp() : null, IsWhole: true);
        LargeValue value = LargeOf(entry, hash);
        return new(old.Flags, BytesOf(entry, hash), old.Version, isClean ? value.Origin : null, !isClean || value.ChunksPresent == value.ChunkCount);
    }

    /// <summary>Bytes that the entry takes: header, key, value.</summary>
    public long BytesOf(EntryHeader* entry, ulong hash)
    {
        long value = (entry->Flags & EntryFlags.Slotted) != 0 ? Objects.BytesOf(entry)
            : (entry->Flags & EntryFlags.Large) != 0 ? LargeOf(entry, hash).Length
            : entry->ValueBytes;
        return EntryHeader.Bytes + entry->KeyBytes + value;
    }

    /// <summary>The same for a change that the store makes on its own, of an entry that is still there.</summary>
    public void Tell(EntryHeader* entry, ulong hash, KeyChange change)
    {
        if (sinks.Length != 0 && Spaces.DatabaseOf(entry->Space) is >= 0 and var database)
            Tell(new BlobKey(database, Shard.KeyOf(entry), hash), change, Before(entry, hash), 0);
    }

    public void TellFlushing(int database, long writer)
    {
        foreach (IKeyChangeSink sink in sinks)
            sink.Flushing(database, writer);
    }

    public void TellSwapping(int first, int second, long writer)
    {
        foreach (IKeyChangeSink sink in sinks)
            sink.Swapping(first, second, writer);
    }

    public void MoveClock() => Volatile.Write(ref clock, ClockStart + (uint)time.GetElapsedTime(epoch).TotalSeconds);

    public int ShardIndex(ulong hash) => (int)(hash >> ShardBitsFrom) & (Shards.Length - 1);

    public Shard ShardOf(ulong hash) => Shards[ShardIndex(hash)];

    public long RecordBytes(EntryHeader* entry)
    {
        if ((entry->Flags & EntryFlags.Slotted) != 0)
            return Objects.SlotOf(entry).LiveBytes;
        int value = (entry->Flags & EntryFlags.Large) != 0 ? EntryRecords.ManifestBytes(LargeOf(entry)) : (int)entry->ValueBytes;
        return Log?.RecordBytes(entry->KeyBytes, value) ?? EntryHeader.Bytes + entry->KeyBytes + value;
    }

    public LargeValue LargeOf(EntryHeader* entry) =>
        handles[ShardIndex(Hash.Of(Shard.KeyOf(entry)))][BitConverter.ToInt32(Shard.StoredValue(entry))]!;

    public LargeValue LargeOf(EntryHeader* entry, ulong hash) => handles[ShardIndex(hash)][BitConverter.ToInt32(Shard.StoredValue(entry))]!;

    /// <summary>Gives a large value a handle in its key's shard, and retains it.</summary>
    public int TakeHandle(ulong hash, LargeValue value)
    {
        int shard = ShardIndex(hash);
        value.Retain();
        value.KeyHash = hash;
        Pool.AddOverhead(ManagedBytesOf(value));
        if (freeHandles[shard].TryPop(out int handle))
        {
            handles[shard][handle] = value;
        }
        else
        {
            handle = handles[shard].Count;
            handles[shard].Add(value);
        }

        value.Handle = handle;
        return handle;
    }

    /// <summary>What a large value takes in managed memory, without its chunks.</summary>
    public static long ManagedBytesOf(LargeValue value) => LargeManagedBytes + (value.ChunkCount * (long)sizeof(long));

    /// <summary>Takes back what <see cref="TakeHandle"/> gave to the entry.</summary>
    public void ReleaseHandle(ulong hash, EntryHeader* entry)
    {
        int shard = ShardIndex(hash);
        int handle = BitConverter.ToInt32(Shard.StoredValue(entry));
        LargeValue value = handles[shard][handle]!;
        handles[shard][handle] = null;
        freeHandles[shard].Push(handle);
        Pool.AddOverhead(-ManagedBytesOf(value));
        value.Release();
    }

    /// <summary>Appends the entry's record; false where the log's buffer is full now. Fills in the address, counts nothing.</summary>
    public bool TryAppend(EntryHeader* entry, ulong hash, ReadOnlySpan<byte> value, ref WriteScope scope, out long address)
    {
        RecordHeader header = EntryRecords.HeaderOf(entry);
        header.Transaction = scope.Transaction;
        return TryAppend(entry, hash, ref header, value, out address);
    }

    public bool TryAppend(EntryHeader* entry, ulong hash, ref RecordHeader header, ReadOnlySpan<byte> value, out long address)
    {
        if ((entry->Flags & EntryFlags.Large) == 0)
            return Log!.TryAppend(ref header, Shard.KeyOf(entry), value, out address);
        LargeValue large = LargeOf(entry, hash);
        header.B = large.Length;
        int length = EntryRecords.ManifestBytes(large);
        byte[]? rented = length > 1024 ? System.Buffers.ArrayPool<byte>.Shared.Rent(length) : null;
        Span<byte> manifest = rented != null ? rented.AsSpan(0, length) : stackalloc byte[length];
        EntryRecords.WriteManifest(large, manifest);
        bool done = Log!.TryAppend(ref header, Shard.KeyOf(entry), manifest, out address);
        if (rented != null)
            System.Buffers.ArrayPool<byte>.Shared.Return(rented);
        return done;
    }

    /// <summary>Removes an entry that nobody asked to delete (expired, evicted); false where that must wait for the log's buffer.</summary>
    public bool TryDrop(ulong hash, EntryHeader* entry, KeyChange why)
    {
        // The newest record in the log says the same, or is about to be truncated; only an older one could come back.
        const EntryFlags stale = EntryFlags.Dirty | EntryFlags.Logged;
        if ((entry->Flags & stale) == stale)
        {
            var header = new RecordHeader { Kind = RecordKind.Delete, Space = entry->Space, Version = ShardOf(hash).NextVersion() };
            if (!Log!.TryAppend(ref header, Shard.KeyOf(entry), default, out _))
                return false;
        }

        Tell(entry, hash, why);
        Unlink(hash, entry);
        return true;
    }

    /// <summary>
    /// The entry of this hash, whose shard is locked, that holds a large value; null where none does. The value's own hash may change at
    /// any moment: a value that was being staged gets its key.
    /// </summary>
    public EntryHeader* HolderOf(LargeValue value, ulong hash)
    {
        int shard = ShardIndex(hash);
        for (EntryHeader* entry = Shards[shard].Table.Chain(hash); entry != null; entry = KeyTable.Next(entry))
        {
            LargeValue? held = (entry->Flags & EntryFlags.Slotted) != 0 ? Objects.SlotOf(entry).Chunks
                : (entry->Flags & EntryFlags.Large) != 0 ? handles[shard][BitConverter.ToInt32(Shard.StoredValue(entry))] : null;
            if (ReferenceEquals(held, value) && Hash.Of(Shard.KeyOf(entry)) == hash)
                return entry;
        }

        return null;
    }

    /// <summary>Takes an entry out of the table and gives its memory, its chunks and its place among the live bytes up.</summary>
    public void Unlink(ulong hash, EntryHeader* entry)
    {
        Shard shard = ShardOf(hash);
        shard.Table.Remove(hash, entry);
        shard.Count(entry, -1);
        Forget(hash, entry);
    }

    /// <summary>The same for an entry that is in the table no more.</summary>
    public void Forget(ulong hash, EntryHeader* entry)
    {
        Policy.Removed(new EntryRef(entry));
        Live.Remove(entry->Address, RecordBytes(entry));
        if ((entry->Flags & EntryFlags.Slotted) != 0)
            Objects.Forget(entry, hash);
        else if ((entry->Flags & EntryFlags.Large) != 0)
            ReleaseHandle(hash, entry);
        ShardOf(hash).Slab.Free(entry);
    }

    /// <summary>Copies an entry into a slot without its inline value, which is in the log.</summary>
    public void Spill(ulong hash, EntryHeader* entry)
    {
        Shard shard = ShardOf(hash);
        var old = new EntryRef(entry);
        EntryHeader* stub = shard.NewEntry(entry->Space, old.Key, entry->Type, (int)entry->ValueBytes, false, old.ExpiresAt, Kept(entry->Flags));
        CopyState(entry, stub);
        shard.Table.Replace(hash, entry, stub);
        shard.Slab.Free(entry);
        Counters.Spilled();
    }

    /// <summary>Copies an entry into a slot with its inline value.</summary>
    public void Load(ulong hash, EntryHeader* stub, ReadOnlySpan<byte> value)
    {
        Shard shard = ShardOf(hash);
        var old = new EntryRef(stub);
        EntryHeader* entry = shard.NewEntry(stub->Space, old.Key, stub->Type, value.Length, true, old.ExpiresAt, Kept(stub->Flags));
        value.CopyTo(Shard.StoredValue(entry));
        CopyState(stub, entry);
        shard.Table.Replace(hash, stub, entry);
        shard.Slab.Free(stub);
        Counters.Loaded();
    }

    /// <summary>The flags that an entry keeps when it gets another slot of memory with its value in the same place.</summary>
    public static EntryFlags Kept(EntryFlags flags) => flags & (EntryFlags.Clean | EntryFlags.Raw | EntryFlags.Text | EntryFlags.Queued
        | EntryFlags.Dirty | EntryFlags.Large | EntryFlags.Logged | EntryFlags.Object | EntryFlags.Slotted | EntryFlags.Suspect | EntryFlags.Brought);

    public static void CopyState(EntryHeader* from, EntryHeader* to) =>
        (to->Version, to->Address, to->PolicyState) = (from->Version, from->Address, from->PolicyState);

    public void Dispose()
    {
        Objects.Dispose();
        ObjectWriter.Dispose();
        Room.Dispose();
        foreach (Shard shard in Shards)
            shard.Dispose();
        Pool.Dispose();
    }

    private static StoreLimits MakeLimits(BlobStoreOptions options, long memory, IRecordLog? log)
    {
        const long bookkeeping = 1 << 20; // lock file, format file, directory entries
        long capacity = options.DiskBytes - bookkeeping;
        return new StoreLimits
        {
            MemoryBytes = memory,
            MemorySlackBytes = Math.Clamp(memory / 32, 4L << 20, 64L << 20),
            LogBytesMax = capacity,
            LiveBytesMax = log == null ? long.MaxValue : (capacity - (4L * log.SegmentBytes)) / 100 * 85,
        };
    }
}
