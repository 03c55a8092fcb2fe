using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Large;
using Hal.Cache.Storage.Log;
using Hal.Cache.Storage.Memory;
using Hal.Cache.Storage.Objects;

namespace Hal.Cache.Storage;

/// <summary>Writes what has changed in memory to the log, all of it, on request, at intervals and at the end.</summary>
internal sealed class Saver : IDisposable
{
    private const int EntriesPerLock = 256;

    private readonly StoreCore core;
    private readonly SemaphoreSlim one = new(1, 1);
    private readonly ITimer? timer;
    private readonly CopyWriter? copies;
    private readonly CancellationTokenSource stopping = new();

    public Saver(StoreCore core, BlobStoreOptions options, TimeProvider time)
    {
        this.core = core;
        SavedAt = core.Now;
        if (core.Log != null && !core.AppendsAtOnce)
            timer = time.CreateTimer(_ => _ = SaveIfChangedAsync(), null, options.SaveInterval, options.SaveInterval);
        if (core is { AppendsAtOnce: true, Log: { } log })
            copies = new CopyWriter(core.Chunks, core.Room, log, time);
    }

    /// <summary>Unix time in milliseconds of the last save.</summary>
    public long SavedAt { get; private set; }

    /// <summary>Changes that were counted before the last save began.</summary>
    public long SavedChanges { get; private set; }

    public ValueTask<CacheError?> SaveAsync(CancellationToken cancellation) => SaveAsync(TimeSpan.MaxValue, cancellation);

    private async ValueTask<CacheError?> SaveAsync(TimeSpan copiesTimeMax, CancellationToken cancellation)
    {
        if (core.Log == null)
            return null;
        await one.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            long changes = core.Counters.Changes;
            ValueTask<CacheError?> appending = copies?.WriteAsync(copiesTimeMax, cancellation) ?? AppendDirtyAsync(cancellation);
            if (await appending.ConfigureAwait(false) is { } error)
                return error;
            if (await Task.Run(core.ObjectWriter.Flush, cancellation).ConfigureAwait(false) is { } unwritten)
                return unwritten;
            if (await core.Log.CommitAsync(cancellation).ConfigureAwait(false) is { } failed)
                return failed;
            (SavedAt, SavedChanges) = (core.Now, changes);
            return null;
        }
        finally
        {
            one.Release();
        }
    }

    /// <summary>The last save.</summary>
    public async ValueTask<CacheError?> StopAsync()
    {
        if (timer != null)
            await timer.DisposeAsync().ConfigureAwait(false);
        if (copies != null)
            await copies.DisposeAsync().ConfigureAwait(false);
        await stopping.CancelAsync().ConfigureAwait(false);
        return await SaveAsync(CopyWriter.StopTimeMax, CancellationToken.None).ConfigureAwait(false);
    }

    public void Dispose()
    {
        timer?.Dispose();
        stopping.Dispose();
        one.Dispose();
    }

    private async Task SaveIfChangedAsync()
    {
        try
        {
            if (core.Counters.Changes != SavedChanges && one.CurrentCount > 0)
                await SaveAsync(stopping.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The last save, at the end, writes everything.
        }
    }

    private async ValueTask<CacheError?> AppendDirtyAsync(CancellationToken cancellation)
    {
        var dirty = new DirtyEntries(core);
        for (int index = 0; index < core.Shards.Length; index++)
        {
            ulong place = 0;
            do
            {
                ulong next = Step(core.Shards[index], place, dirty);
                foreach ((LargeValue value, ulong hash) in dirty.Large)
                {
                    if (await AppendLargeAsync(value, hash, cancellation).ConfigureAwait(false) is { } error)
                        return error;
                }

                dirty.Large.Clear();
                foreach (ObjectSlot slot in dirty.Objects)
                {
                    if (!await Task.Run(() => core.ObjectWriter.Write(slot, shelve: false, isReclaiming: false), cancellation).ConfigureAwait(false))
                        return new CacheError(CacheErrorCode.Unavailable, core.Log!.Health.Text);
                }

                dirty.Objects.Clear();
                if (!dirty.IsBlocked)
                {
                    place = next;
                    if (place == 0)
                        break;
                    continue;
                }

                dirty.IsBlocked = false;
                if (await core.Log!.WaitForRoomAsync(cancellation).ConfigureAwait(false) is { } full)
                    return full;
            }
            while (true);
        }

        return null;
    }

    private ulong Step(Shard shard, ulong place, DirtyEntries dirty)
    {
        lock (shard.Gate)
        {
            var visitor = new ShardVisitor(core.Spaces, core.Hash, -1, 0, dirty);
            ulong at = place;
            do
            {
                ulong next = shard.Table.Scan(at, ref visitor);
                if (dirty.IsBlocked)
                    return at;
                at = next;
            }
            while (at != 0 && visitor.Visited < EntriesPerLock);
            return at;
        }
    }

    /// <summary>Chunks first, one by one and without a lock; the manifest last, so that a crash leaves the old value or the new one.</summary>
    private async ValueTask<CacheError?> AppendLargeAsync(LargeValue value, ulong hash, CancellationToken cancellation)
    {
        try
        {
            for (int index = IsLeftToOrigin(value, hash) ? value.ChunkCount : 0; index < value.ChunkCount; index++)
            {
                while (value.ChunkAt(index) is { } chunk && !core.Chunks.TryAppendDirty(chunk))
                {
                    if (await core.Log!.WaitForRoomAsync(cancellation).ConfigureAwait(false) is { } error)
                        return error;
                }
            }

            while (!TryAppendManifest(value, hash))
            {
                if (await core.Log!.WaitForRoomAsync(cancellation).ConfigureAwait(false) is { } error)
                    return error;
            }

            return null;
        }
        finally
        {
            value.Release();
        }
    }

    private unsafe bool IsLeftToOrigin(LargeValue value, ulong hash)
    {
        if (!value.IsReadAgain)
            return false;
        lock (core.ShardOf(hash).Gate)
        {
            EntryHeader* entry = core.HolderOf(value, hash);
            return entry == null || !core.IsGuarded(entry);
        }
    }

    private unsafe bool TryAppendManifest(LargeValue value, ulong hash)
    {
        lock (core.ShardOf(hash).Gate)
        {
            EntryHeader* entry = core.HolderOf(value, hash);
            return entry == null || DirtyEntries.TryAppend(core, entry, hash);
        }
    }
}
