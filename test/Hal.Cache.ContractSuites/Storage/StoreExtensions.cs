using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.ContractSuites.Storage;

/// <summary>Whole commands on a store, as a test wants them.</summary>
public static class StoreExtensions
{
    public static async Task SetAsync(this IBlobStore store, string key, byte[] value, long expiresAt = 0, int database = 0)
    {
        if (await store.TrySetAsync(key, value, expiresAt, database) is { } error)
            throw new InvalidOperationException(error.ToString());
    }

    public static async Task<CacheError?> TrySetAsync(this IBlobStore store, string key, byte[] value, long expiresAt = 0, int database = 0)
    {
        byte[] name = Encoding.UTF8.GetBytes(key);
        ILargeValue? large = null;
        if (value.Length > IBlobStore.InlineBytesMax)
        {
            large = store.Stage(value.Length);
            for (int index = 0; index < large.ChunkCount; index++)
            {
                int from = index * IBlobStore.ChunkBytes;
                int length = Math.Min(IBlobStore.ChunkBytes, value.Length - from);
                if (await large.WriteChunkAsync(index, value.AsMemory(from, length), default) is { } error)
                {
                    large.Release();
                    return error;
                }
            }
        }

        while (true)
        {
            if (await store.MakeRoomAsync(large == null ? value.Length : 0, default) is { } error)
            {
                large?.Release();
                return error;
            }

            (StoreStatus status, long address) = Put(store, database, name, value, large, expiresAt);
            if (status != StoreStatus.Done)
                continue;
            large?.Release();
            return store.AcknowledgesCommits ? await store.WaitForCommitAsync(address, default) : null;
        }
    }

    public static async Task<byte[]?> GetAsync(this IBlobStore store, string key, int database = 0)
    {
        byte[] name = Encoding.UTF8.GetBytes(key);
        while (true)
        {
            (bool found, byte[]? value, ILargeValue? large) = Find(store, database, name);
            if (!found)
                return null;
            if (value != null)
                return value;
            if (large != null)
            {
                byte[] all = await ReadAllAsync(large);
                large.Release();
                return all;
            }

            if (await store.LoadAsync(database, name, default) is { } error)
                throw new InvalidOperationException(error.ToString());
        }
    }

    public static async Task<byte[]> ReadAllAsync(ILargeValue large)
    {
        var all = new byte[large.Length];
        for (long offset = 0; offset < all.Length;)
        {
            Result<int> read = await large.ReadAsync(offset, all.AsMemory((int)offset), default);
            offset += read.Value;
        }

        return all;
    }

    public static bool Delete(this IBlobStore store, string key)
    {
        byte[] name = Encoding.UTF8.GetBytes(key);
        ulong hash = store.Hash(name);
        WriteScope scope = default;
        store.Lock(store.ShardOf(hash));
        try
        {
            bool removed;
            while (store.Remove(new BlobKey(0, name, hash), RemovalReason.Deleted, ref scope, out removed) != StoreStatus.Done)
            {
                // The log flushes without our lock.
            }

            return removed;
        }
        finally
        {
            store.Unlock(store.ShardOf(hash));
        }
    }

    public static bool Expire(this IBlobStore store, string key, long expiresAt)
    {
        byte[] name = Encoding.UTF8.GetBytes(key);
        ulong hash = store.Hash(name);
        WriteScope scope = default;
        store.Lock(store.ShardOf(hash));
        try
        {
            return store.SetExpiry(new BlobKey(0, name, hash), expiresAt, ref scope) == StoreStatus.Done;
        }
        finally
        {
            store.Unlock(store.ShardOf(hash));
        }
    }

    public static ILargeValue Retain(this IBlobStore store, string key) =>
        Find(store, 0, Encoding.UTF8.GetBytes(key)).Large ?? throw new InvalidOperationException($"{key} is not large");

    public static void PutLarge(this IBlobStore store, string key, ILargeValue value, EntryFlags flags = EntryFlags.None)
    {
        byte[] name = Encoding.UTF8.GetBytes(key);
        ulong hash = store.Hash(name);
        WriteScope scope = default;
        store.Lock(store.ShardOf(hash));
        try
        {
            while (store.Put(new BlobKey(0, name, hash), BlobType.String, value, 0, flags, ref scope) != StoreStatus.Done)
            {
                // The log flushes without our lock.
            }
        }
        finally
        {
            store.Unlock(store.ShardOf(hash));
        }
    }

    private static (StoreStatus Status, long Address) Put(IBlobStore store, int database, byte[] name, byte[] value, ILargeValue? large, long expiresAt)
    {
        ulong hash = store.Hash(name);
        var key = new BlobKey(database, name, hash);
        WriteScope scope = default;
        store.Lock(store.ShardOf(hash));
        try
        {
            StoreStatus status = large != null
                ? store.Put(key, BlobType.String, large, expiresAt, EntryFlags.None, ref scope)
                : store.Put(key, BlobType.String, value, expiresAt, EntryFlags.None, ref scope);
            return (status, scope.Address);
        }
        finally
        {
            store.Unlock(store.ShardOf(hash));
        }
    }

    private static (bool Found, byte[]? Value, ILargeValue? Large) Find(IBlobStore store, int database, byte[] name)
    {
        ulong hash = store.Hash(name);
        WriteScope scope = default;
        store.Lock(store.ShardOf(hash));
        try
        {
            EntryRef entry = store.Find(new BlobKey(database, name, hash), ref scope);
            if (entry.IsNone)
                return default;
            store.Touch(entry);
            if (!entry.IsLarge)
                return (true, entry.IsOnDisk ? null : entry.Value.ToArray(), null);
            ILargeValue large = store.Large(entry);
            large.Retain();
            return (true, null, large);
        }
        finally
        {
            store.Unlock(store.ShardOf(hash));
        }
    }
}
