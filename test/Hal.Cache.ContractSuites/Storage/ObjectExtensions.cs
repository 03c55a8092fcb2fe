using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.ContractSuites.Storage;

/// <summary>Whole commands on objects, as a test wants them; each waits for its commit where the store acknowledges those.</summary>
public static class ObjectExtensions
{
    private delegate StoreStatus Command(in BlobKey key, ref WriteScope scope);

    public static async Task PutObjectAsync(this IBlobStore store, string key, Multimap value, long expiresAt = 0, int database = 0)
    {
        if (await store.TryPutObjectAsync(key, value, expiresAt, database) is { } error)
            throw new InvalidOperationException(error.ToString());
    }

    public static Task<CacheError?> TryPutObjectAsync(this IBlobStore store, string key, Multimap value, long expiresAt = 0, int database = 0) =>
        RunAsync(store, key, database, value.MemoryBytes, (in BlobKey name, ref WriteScope scope) =>
            store.Reserve(name, value.MemoryBytes) == StoreStatus.Done
                ? store.Put(name, value, expiresAt, EntryFlags.None, ref scope)
                : StoreStatus.Full);

    /// <summary>Makes a change; false where the key has no object or the change makes no sense on it.</summary>
    public static async Task<bool> ChangeAsync(this IBlobStore store, string key, byte[] change, int database = 0)
    {
        (bool changed, CacheError? error) = await store.TryChangeAsync(key, change, database);
        return error == null ? changed : throw new InvalidOperationException(error.ToString());
    }

    public static async Task<(bool Changed, CacheError? Error)> TryChangeAsync(this IBlobStore store, string key, byte[] change, int database = 0)
    {
        bool changed = false;
        while (true)
        {
            bool mustLoad = false;
            CacheError? error = await RunAsync(store, key, database, 2 * change.Length, (in BlobKey name, ref WriteScope scope) =>
            {
                EntryRef entry = store.Find(name, ref scope);
                if (entry.IsNone || !entry.IsObject)
                    return StoreStatus.Done;
                mustLoad = entry.IsOnDisk;
                if (mustLoad)
                    return StoreStatus.Done;
                if (store.Reserve(name, 2 * change.Length) != StoreStatus.Done)
                    return StoreStatus.Full;
                changed = store.Object(entry).TryApply(change);
                if (changed)
                    store.Change(name, change, ref scope);
                return StoreStatus.Done;
            });
            if (error != null || !mustLoad)
                return (changed, error);
            if (await store.LoadAsync(database, Encoding.UTF8.GetBytes(key), default) is { } failed)
                return (false, failed);
        }
    }

    /// <summary>A copy of the key's object, null where there is none.</summary>
    public static async Task<Multimap?> GetObjectAsync(this IBlobStore store, string key, int database = 0)
    {
        Result<Multimap?> got = await store.TryGetObjectAsync(key, database);
        return got.IsOk ? got.Value : throw new InvalidOperationException(got.Error.ToString());
    }

    public static async Task<Result<Multimap?>> TryGetObjectAsync(this IBlobStore store, string key, int database = 0)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(key);
        while (true)
        {
            Multimap? copy = null;
            bool mustLoad = false;
            await RunAsync(store, key, database, 0, (in BlobKey name, ref WriteScope scope) =>
            {
                EntryRef entry = store.Find(name, ref scope);
                if (entry.IsNone || !entry.IsObject)
                    return StoreStatus.Done;
                mustLoad = entry.IsOnDisk;
                if (mustLoad)
                    return StoreStatus.Done;
                store.Touch(entry);
                copy = (Multimap)store.Clone(entry).Value;
                return StoreStatus.Done;
            });
            if (!mustLoad)
                return copy;
            if (await store.LoadAsync(database, bytes, default) is { } error)
                return error;
        }
    }

    public static async Task MoveAsync(this IBlobStore store, string from, string to)
    {
        byte[] source = Encoding.UTF8.GetBytes(from);
        byte[] target = Encoding.UTF8.GetBytes(to);
        ulong shards = store.ShardOf(store.Hash(source)) | store.ShardOf(store.Hash(target));
        while (true)
        {
            WriteScope scope = default;
            StoreStatus status = StoreStatus.Done;
            bool mustLoad;
            store.Lock(shards);
            try
            {
                var key = new BlobKey(0, source, store.Hash(source));
                mustLoad = store.Find(key, ref scope).IsOnDisk;
                if (!mustLoad)
                    status = store.Move(key, new BlobKey(0, target, store.Hash(target)), ref scope);
            }
            finally
            {
                store.Unlock(shards);
            }

            CacheError? error = mustLoad ? await store.LoadAsync(0, source, default)
                : status == StoreStatus.Full ? await store.MakeRoomAsync(0, default)
                : store.AcknowledgesCommits ? await store.WaitForCommitAsync(scope.Address, default) : null;
            if (error != null)
                throw new InvalidOperationException(error.ToString());
            if (!mustLoad && status == StoreStatus.Done)
                return;
        }
    }

    private static async Task<CacheError?> RunAsync(IBlobStore store, string key, int database, long bytes, Command command)
    {
        byte[] name = Encoding.UTF8.GetBytes(key);
        while (true)
        {
            (StoreStatus status, long address) = Run(store, database, name, command);
            if (status == StoreStatus.Done)
                return store.AcknowledgesCommits && address != 0 ? await store.WaitForCommitAsync(address, default) : null;
            if (await store.MakeRoomAsync(bytes, default) is { } error)
                return error;
        }
    }

    private static (StoreStatus Status, long Address) Run(IBlobStore store, int database, byte[] name, Command command)
    {
        ulong hash = store.Hash(name);
        WriteScope scope = default;
        store.Lock(store.ShardOf(hash));
        try
        {
            return (command(new BlobKey(database, name, hash), ref scope), scope.Address);
        }
        finally
        {
            store.Unlock(store.ShardOf(hash));
        }
    }
}
