using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Node.Tree.Collections;

/// <summary>
/// What others are fetching, each of exactly one version: collections as blobs, which the authority writes once however many ask, and large
/// strings. Versions that were overwritten stay for a while, so that replies that have begun with one end with it. Thread-safe; its lock is taken under a shard's.
/// </summary>
internal sealed class ObjectSnapshots(Keyspace keyspace) : IKeyChangeSink, IAsyncDisposable
{
    /// <summary>Nobody has asked for a version that takes memory for so long: it goes.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromSeconds(5);

    /// <summary>All together take at most this part of the store's memory.</summary>
    public const int PartOfMemory = 4;

    /// <summary>Large strings that are their keys' newest version, and take no memory here, of which others were told last.</summary>
    private const int CurrentMax = 16_384;

    private readonly Lock gate = new();
    private readonly Dictionary<(ulong Hash, long Version), Snapshot> kept = [];
    private readonly LinkedList<(ulong Hash, long Version)> byUse = []; // what takes memory; the one that was asked for longest ago first
    private readonly LinkedList<(ulong Hash, long Version)> current = []; // what does not, since its key has it, in the same order
    private readonly Dictionary<ILargeValue, int> counted = new(ReferenceEqualityComparer.Instance); // versions of it that take memory: another time of its end is another version
    private readonly Dictionary<(ulong Hash, long Version), Task<Snapshot?>> making = [];
    private readonly CancellationTokenSource stopping = new();
    private readonly long bytesMax = keyspace.Store.Statistics.MemoryLimitBytes / PartOfMemory;
    private ITimer? timer;
    private long bytes;
    private bool follows;

    /// <summary>Bytes of all that takes memory and is kept now.</summary>
    public long Bytes
    {
        get
        {
            lock (gate)
                return bytes;
        }
    }

    /// <summary>What a manifest says of a version, made where the version is the newest here; null where it can't be had.</summary>
    public async ValueTask<byte[]?> ManifestAsync(int database, ReadOnlyMemory<byte> key, ulong hash, long version, CancellationToken cancellation)
    {
        if (await MakeAsync(database, key, hash, version, cancellation).ConfigureAwait(false) is not { } snapshot)
            return null;
        var manifest = new byte[RangeRequest.ManifestBytes];
        BinaryPrimitives.WriteInt64LittleEndian(manifest, snapshot.Value.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(manifest.AsSpan(sizeof(long)), snapshot.Checksum);
        return manifest;
    }

    /// <summary>A reader of a blob that is kept; null where there is none.</summary>
    public ValueReader? TryOpen(ulong hash, long version, long offset, long length)
    {
        lock (gate)
        {
            if (!kept.TryGetValue((hash, version), out Snapshot? snapshot))
                return null;
            if (snapshot.Value.ChunksPresent != snapshot.Value.ChunkCount)
            {
                Drop((hash, version)); // an origin's object has let go of some since: who asks for the key has it read again
                return null;
            }

            Use(snapshot);
            long from = Math.Clamp(offset, 0, snapshot.Value.Length);
            return new ValueReader(snapshot.Value, from, Math.Clamp(length, 0, snapshot.Value.Length - from));
        }
    }

    /// <summary>Has a blob made that is not kept (any more); false where that version is not here, or does not fit.</summary>
    public async ValueTask<bool> TryMakeAsync(int database, ReadOnlyMemory<byte> key, ulong hash, long version, CancellationToken cancellation) =>
        await MakeAsync(database, key, hash, version, cancellation).ConfigureAwait(false) != null;

    /// <summary>Has it hear what becomes of values that clients wrote: they count from when they are overwritten.</summary>
    public void Follow()
    {
        follows = true;
        keyspace.Store.AddSink(this);
    }

    public void Changed(in BlobKey key, KeyChange change, in KeyBefore before, long writer)
    {
        if (current.Count == 0 || (before.Flags & EntryFlags.Large) == 0) // without the lock: what this key has was kept under its shard's
            return;
        lock (gate)
        {
            (ulong, long) id = (key.Hash, before.Version);
            if (!kept.TryGetValue(id, out Snapshot? snapshot) || !snapshot.IsCurrent)
                return;
            if (change == KeyChange.Evicted && keyspace.Time.GetElapsedTime(snapshot.UsedAt) >= KeptFor)
            {
                Drop(id); // whoever evicts needs the memory
                return;
            }

            End(id, snapshot);
        }
    }

    void IKeyChangeSink.Changed(in BlobKey key, KeyChange change, long writer)
    {
        // Told with what was there before.
    }

    void IKeyChangeSink.Flushing(int database, long writer)
    {
        lock (gate)
        {
            while (current.First is { } each) // of all databases: one that is not emptied has its values kept again when they are asked for
                End(each.Value, kept[each.Value]);
        }
    }

    void IKeyChangeSink.Swapping(int first, int second, long writer)
    {
        // A version is the same in another database.
    }

    /// <summary>Keeps a large value all of which is here, with its shard locked, for those who go on to fetch this version.</summary>
    public void Keep(ulong hash, long version, ILargeValue value)
    {
        if (value.ChunksPresent != value.ChunkCount || value.Length > bytesMax)
            return;
        lock (gate)
        {
            if (kept.TryGetValue((hash, version), out Snapshot? known))
            {
                Use(known);
                return;
            }

            if (stopping.IsCancellationRequested)
                return;
            value.Retain();
            Add((hash, version), new Snapshot(value, 0) { IsCurrent = follows && value.Origin == null });
        }
    }

    /// <summary>Waits for blobs that are being made, and lets go of all.</summary>
    public async ValueTask DisposeAsync()
    {
        Task[] last;
        if (follows)
            keyspace.Store.RemoveSink(this);
        lock (gate)
        {
            stopping.Cancel();
            last = [.. making.Values];
        }

        foreach (Task each in last)
            await each.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (gate)
        {
            timer?.Dispose();
            foreach (Snapshot snapshot in kept.Values)
                snapshot.Value.Release();
            kept.Clear();
            byUse.Clear();
            current.Clear();
            counted.Clear();
            bytes = 0;
        }

        stopping.Dispose();
    }

    private async ValueTask<Snapshot?> MakeAsync(int database, ReadOnlyMemory<byte> key, ulong hash, long version, CancellationToken cancellation)
    {
        Task<Snapshot?>? made;
        lock (gate)
        {
            if (stopping.IsCancellationRequested)
                return null;
            if (kept.TryGetValue((hash, version), out Snapshot? snapshot))
            {
                Use(snapshot);
                return snapshot;
            }

            if (!making.TryGetValue((hash, version), out made))
                making.Add((hash, version), made = Task.Run(() => WriteAsync(database, key, hash, version), CancellationToken.None));
        }

        return await made.WaitAsync(cancellation).ConfigureAwait(false);
    }

    private async Task<Snapshot?> WriteAsync(int database, ReadOnlyMemory<byte> key, ulong hash, long version)
    {
        Snapshot? snapshot = null;
        try
        {
            using BlobPieces? pieces = await WritePiecesAsync(database, key, hash, version).ConfigureAwait(false);
            if (pieces != null && pieces.Length <= bytesMax)
            {
                Result<(ILargeValue Value, uint Checksum)> staged = await pieces.StageAsync(keyspace.Store, stopping.Token).ConfigureAwait(false);
                if (staged.IsOk)
                    snapshot = new Snapshot(staged.Value.Value, staged.Value.Checksum);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The instance ends.
        }

        lock (gate)
        {
            making.Remove((hash, version));
            if (snapshot != null)
                Add((hash, version), snapshot);
        }

        return snapshot;
    }

    private async ValueTask<BlobPieces?> WritePiecesAsync(int database, ReadOnlyMemory<byte> key, ulong hash, long version)
    {
        while (!stopping.IsCancellationRequested)
        {
            if (!TryHold(database, key, hash, version, out IObjectHold? hold))
                return null;
            if (hold == null)
            {
                if (await keyspace.Store.LoadAsync(database, key, stopping.Token).ConfigureAwait(false) != null)
                    return null;
                continue;
            }

            using (hold)
            {
                var pieces = new BlobPieces();
                hold.Value.Write(pieces);
                return pieces;
            }
        }

        return null;
    }

    /// <summary>False where that version of a collection is not here; true without a hold where it must be loaded first.</summary>
    private bool TryHold(int database, ReadOnlyMemory<byte> key, ulong hash, long version, out IObjectHold? hold)
    {
        hold = null;
        IBlobStore store = keyspace.Store;
        var scope = default(WriteScope);
        ulong shard = store.ShardOf(hash);
        store.Lock(shard);
        try
        {
            EntryRef entry = store.Find(new BlobKey(database, key.Span, hash), ref scope);
            if (entry.IsNone || !entry.IsObject || keyspace.VersionOf(entry) != version)
                return false;
            if (!entry.IsOnDisk)
                hold = store.Hold(entry);
            return true;
        }
        finally
        {
            store.Unlock(shard);
        }
    }

    private void Add((ulong Hash, long Version) id, Snapshot snapshot)
    {
        kept.Add(id, snapshot);
        if (!snapshot.IsCurrent)
        {
            Count(id, snapshot);
            return;
        }

        if (current.Count == CurrentMax)
            Drop(current.First!.Value);
        snapshot.Place = current.AddLast(id);
        snapshot.UsedAt = keyspace.Time.GetTimestamp();
    }

    // The key does not have it any more.
    private void End((ulong Hash, long Version) id, Snapshot snapshot)
    {
        current.Remove(snapshot.Place!);
        snapshot.IsCurrent = false;
        Count(id, snapshot);
    }

    private void Count((ulong Hash, long Version) id, Snapshot snapshot)
    {
        if (!counted.TryGetValue(snapshot.Value, out int versions))
        {
            while (bytes + snapshot.Value.Length > bytesMax && byUse.First is { } oldest)
                Drop(oldest.Value);
            bytes += snapshot.Value.Length;
        }

        counted[snapshot.Value] = versions + 1;
        snapshot.Place = byUse.AddLast(id);
        snapshot.UsedAt = keyspace.Time.GetTimestamp();
        timer ??= keyspace.Time.CreateTimer(_ => DropUnused(), null, KeptFor, KeptFor);
    }

    private void Drop((ulong Hash, long Version) id)
    {
        if (!kept.Remove(id, out Snapshot? snapshot))
            return;
        snapshot.Place!.List!.Remove(snapshot.Place);
        if (!snapshot.IsCurrent && --CollectionsMarshal.GetValueRefOrNullRef(counted, snapshot.Value) == 0)
        {
            counted.Remove(snapshot.Value);
            bytes -= snapshot.Value.Length;
        }

        snapshot.Value.Release();
    }

    private void Use(Snapshot snapshot)
    {
        snapshot.UsedAt = keyspace.Time.GetTimestamp();
        LinkedList<(ulong Hash, long Version)> order = snapshot.Place!.List!;
        order.Remove(snapshot.Place);
        order.AddLast(snapshot.Place);
    }

    private void DropUnused()
    {
        lock (gate)
        {
            while (byUse.First is { } oldest && keyspace.Time.GetElapsedTime(kept[oldest.Value].UsedAt) >= KeptFor)
                Drop(oldest.Value);

            if (byUse.Count > 0)
                return;
            timer?.Dispose();
            timer = null;
        }
    }

    /// <summary>One blob; its checksum is told by the authority only.</summary>
    private sealed class Snapshot(ILargeValue value, uint checksum)
    {
        public ILargeValue Value => value;

        public uint Checksum => checksum;

        /// <summary>Whether its key has it, so that it takes no memory of its own.</summary>
        public bool IsCurrent { get; set; }

        public long UsedAt { get; set; }

        public LinkedListNode<(ulong Hash, long Version)>? Place { get; set; }
    }
}
