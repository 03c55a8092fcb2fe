using System.Buffers;
using System.Diagnostics;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Origins;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Contracts.Telemetry;

namespace Hal.Cache.Node.Fetch;

/// <summary>Asks origins for objects and puts what they answer into the store.</summary>
internal sealed class FetchPipeline(
    IBlobStore store, TimeProvider time, KeyspaceOptions options, KeyspaceStatistics statistics, Retrievals retrievals)
{
    // With its stamp the value must not be longer than an inline one may be.
    private const int SmallBytesMax = IBlobStore.InlineBytesMax - OriginStamp.Bytes;

    public Retrievals Retrievals => retrievals;

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Whether an object of this length is kept inline.</summary>
    public static bool IsSmall(long length) => length <= SmallBytesMax;

    public async ValueTask<FetchOutcome> RunAsync(FetchRequest request, MountState mount, CancellationToken cancellation)
    {
        using Activity? span = NodeSpans.Origin(request.Kind == FaultKind.Validate ? "origin validate" : "origin fetch", mount.Mount).Key(request.Hash);
        FetchOutcome outcome = request.Kind == FaultKind.Validate ? await ValidateAsync(request, mount, cancellation)
            : request.Need == Need.Meta ? await FetchMetaAsync(request, mount, cancellation)
            : await FetchValueAsync(request, mount, cancellation);
        span.Ended(outcome.Error);
        return outcome;
    }

    /// <summary>Fills the buffer from an open version; Changed also where the object is shorter than it was said to be.</summary>
    public async ValueTask<CacheError?> FillAsync(IOriginReader reader, long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        while (!buffer.IsEmpty)
        {
            Result<int> read = await reader.ReadAsync(offset, buffer, cancellation);
            if (!read.IsOk)
            {
                Count(read.Error);
                return read.Error;
            }

            statistics.OriginRead(read.Value);
            if (read.Value == 0)
                return new CacheError(CacheErrorCode.Changed, "the object became shorter while it was read");
            offset += read.Value;
            buffer = buffer[read.Value..];
        }

        return null;
    }

    public ValueTask<CacheError?> MakeRoomAsync(int bytes) => store.MakeRoomAsync(bytes, CancellationToken.None);

    public void Count(CacheError error)
    {
        if (error.Code != CacheErrorCode.NotFound)
            statistics.OriginError();
    }

    /// <summary>Removes the entry if it still has this value, whose version the origin no longer has or whose bytes are damaged.</summary>
    public async ValueTask DropAsync(int database, byte[] key, ILargeValue value)
    {
        while (!TryDrop(database, key, entry => entry.IsLarge && ReferenceEquals(store.Large(entry), value)))
        {
            if (await store.MakeRoomAsync(key.Length, CancellationToken.None) != null)
                return; // the device has failed: the copy stays, and every read of it finds out again
        }
    }

    private async ValueTask<FetchOutcome> FetchMetaAsync(FetchRequest request, MountState mount, CancellationToken cancellation)
    {
        (long asked, long began) = (Now, retrievals.Now);
        Result<OriginObject> found = await mount.StatAsync(request.Key, cancellation);
        if (!found.IsOk)
            return Failed(found.Error);
        mount.Answered();
        var stamp = new OriginStamp(found.Value.Validator, asked);
        return found.Value.Length == 0
            ? await PutSmallAsync(request, new byte[OriginStamp.Bytes], 0, stamp, began, cancellation)
            : await PutPartialAsync(request, found.Value.Length, stamp, cancellation);
    }

    private async ValueTask<FetchOutcome> FetchValueAsync(FetchRequest request, MountState mount, CancellationToken cancellation)
    {
        await mount.Reads.WaitAsync(cancellation);
        try
        {
            for (int attempt = 1; ; attempt++)
            {
                FetchOutcome outcome = await FetchOnceAsync(request, mount, cancellation);
                if (outcome.Error is not { Code: CacheErrorCode.Changed or CacheErrorCode.Unavailable } || attempt >= options.OriginAttemptsMax)
                    return outcome;
            }
        }
        finally
        {
            mount.Reads.Release();
        }
    }

    private async ValueTask<FetchOutcome> FetchOnceAsync(FetchRequest request, MountState mount, CancellationToken cancellation)
    {
        (long asked, long began) = (Now, retrievals.Now);
        Result<IOriginReader> opened = await mount.Origin.OpenAsync(mount.Mount.PathOf(request.Key), null, cancellation);
        if (!opened.IsOk)
            return Failed(opened.Error);
        mount.Answered();
        await using IOriginReader reader = opened.Value;
        OriginObject version = reader.Opened;
        var stamp = new OriginStamp(version.Validator, asked);
        if (!IsSmall(version.Length))
            return await PutPartialAsync(request, version.Length, stamp, cancellation);
        int length = (int)version.Length;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(length + OriginStamp.Bytes);
        if (await FillAsync(reader, 0, buffer.AsMemory(OriginStamp.Bytes, length), cancellation) is { } error)
            return new(error); // the buffer may still be the origin's: it is left to the collector
        FetchOutcome outcome = await PutSmallAsync(request, buffer, length, stamp, began, cancellation);
        ArrayPool<byte>.Shared.Return(buffer);
        return outcome;
    }

    private async ValueTask<FetchOutcome> ValidateAsync(FetchRequest request, MountState mount, CancellationToken cancellation)
    {
        if (!TryReadStamp(request, out OriginStamp held, out long version))
            return default;
        long asked = Now;
        statistics.Validation();
        Result<OriginObject> found = await mount.StatAsync(request.Key, cancellation);
        if (found.IsOk && found.Value.Validator == held.Validator)
        {
            mount.Answered();
            Refresh(request, version, asked);
            return new(Version: version);
        }

        if (!found.IsOk && found.Error.Code is not (CacheErrorCode.NotFound or CacheErrorCode.Refused or CacheErrorCode.Changed))
        {
            Count(found.Error);
            statistics.StaleServed();
            mount.Failed(Now);
            return new(Version: version); // the origin said nothing about the object: the copy goes on being served
        }

        while (!TryDrop(request.Database, request.Key, entry => entry.Version == version))
        {
            if (await store.MakeRoomAsync(request.Key.Length, cancellation) is { } noRoom)
                return new(noRoom);
        }

        return found.IsOk ? default : Failed(found.Error);
    }

    private FetchOutcome Failed(CacheError error)
    {
        Count(error);
        return FetchOutcome.Of(error);
    }

    private async ValueTask<FetchOutcome> PutSmallAsync(
        FetchRequest request, byte[] buffer, int length, OriginStamp stamp, long began, CancellationToken cancellation)
    {
        stamp.Write(buffer);
        return await PutAsync(request, length + OriginStamp.Bytes, Put, cancellation);

        StoreStatus Put(in BlobKey key, ref WriteScope scope)
        {
            using Retrievals.Scope _ = retrievals.Putting(retrievals.Since(began, null));
            return store.Put(key, BlobType.String, buffer.AsSpan(0, length + OriginStamp.Bytes), 0, EntryFlags.Clean, ref scope);
        }
    }

    private async ValueTask<FetchOutcome> PutPartialAsync(FetchRequest request, long length, OriginStamp stamp, CancellationToken cancellation)
    {
        if (length > IBlobStore.ValueBytesMax)
            return new(new CacheError(CacheErrorCode.Invalid, $"the object has {length} bytes; {IBlobStore.ValueBytesMax} is the limit"));
        ILargeValue value = store.Stage(length);
        value.Origin = stamp;
        try
        {
            return await PutAsync(request, 0, Put, cancellation);
        }
        finally
        {
            value.Release(); // the store holds it on its own
        }

        StoreStatus Put(in BlobKey key, ref WriteScope scope)
        {
            EntryRef held = store.Find(key, ref scope);
            if (held.IsNone || !held.IsLarge || store.Large(held) is not { Origin: { } origin } same
                || origin.Validator != stamp.Validator || same.Length != length)
            {
                return store.Put(key, BlobType.String, value, 0, EntryFlags.Clean, ref scope);
            }

            same.Origin = stamp; // its chunks are still good
            return StoreStatus.Done;
        }
    }

    private async ValueTask<FetchOutcome> PutAsync(FetchRequest request, int valueBytes, PutStep put, CancellationToken cancellation)
    {
        long bytes = EntryHeader.Bytes + request.Key.Length + valueBytes;
        while (true)
        {
            if (!store.HasRoom(bytes) && await store.MakeRoomAsync(bytes, cancellation) is { } noRoom)
                return new(noRoom);
            if (TryPut(request, put, out long version))
                return new(Version: version);
            if (await store.MakeRoomAsync(bytes, cancellation) is { } stillFull)
                return new(stillFull);
        }
    }

    private bool TryPut(in FetchRequest request, PutStep put, out long version)
    {
        var key = new BlobKey(request.Database, request.Key, request.Hash);
        var scope = default(WriteScope);
        ulong shard = store.ShardOf(request.Hash);
        store.Lock(shard);
        try
        {
            bool done = put(key, ref scope) == StoreStatus.Done;
            version = done ? store.Find(key, ref scope).Version : 0;
            return done;
        }
        finally
        {
            store.Unlock(shard);
        }
    }

    private bool TryReadStamp(in FetchRequest request, out OriginStamp stamp, out long version)
    {
        (stamp, version) = (default, 0);
        var scope = default(WriteScope);
        ulong shard = store.ShardOf(request.Hash);
        store.Lock(shard);
        try
        {
            EntryRef entry = store.Find(new BlobKey(request.Database, request.Key, request.Hash), ref scope);
            if (entry.IsNone || (entry.Flags & EntryFlags.Clean) == 0 || (entry.IsOnDisk && !entry.IsLarge))
                return false;
            stamp = entry.IsLarge ? store.Large(entry).Origin ?? default : entry.ReadStamp();
            version = entry.Version;
            return true;
        }
        finally
        {
            store.Unlock(shard);
        }
    }

    private void Refresh(in FetchRequest request, long version, long validatedAt)
    {
        var scope = default(WriteScope);
        ulong shard = store.ShardOf(request.Hash);
        store.Lock(shard);
        try
        {
            EntryRef entry = store.Find(new BlobKey(request.Database, request.Key, request.Hash), ref scope);
            if (entry.IsNone || entry.Version != version)
                return;
            if (entry.IsLarge)
            {
                ILargeValue value = store.Large(entry);
                value.Origin = new(value.Origin!.Value.Validator, validatedAt);
            }
            else if (!entry.IsOnDisk)
            {
                entry.WriteValidatedAt(validatedAt);
            }
        }
        finally
        {
            store.Unlock(shard);
        }
    }

    /// <summary>False where the log's buffer is full now; an entry that is none or another by now is left alone.</summary>
    private bool TryDrop(int database, byte[] bytes, Func<EntryRef, bool> isMeant)
    {
        ulong hash = store.Hash(bytes);
        var key = new BlobKey(database, bytes, hash);
        var scope = default(WriteScope);
        ulong shard = store.ShardOf(hash);
        store.Lock(shard);
        try
        {
            EntryRef entry = store.Find(key, ref scope);
            if (entry.IsNone || !isMeant(entry))
                return true;
            if (store.Remove(key, RemovalReason.Invalidated, ref scope, out _) != StoreStatus.Done)
                return false;
            statistics.Invalidation();
            return true;
        }
        finally
        {
            store.Unlock(shard);
        }
    }

    private delegate StoreStatus PutStep(in BlobKey key, ref WriteScope scope);
}
