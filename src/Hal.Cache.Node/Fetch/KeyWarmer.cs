using System.Buffers;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Node.Fetch;

/// <summary>Brings keys here as a reader of them would, all of their bytes, before anybody asks.</summary>
public sealed class KeyWarmer(Keyspace keyspace)
{
    /// <summary>Waits of one key, after which it is given up as Busy: others change it all the time.</summary>
    public const int WaitsMax = 100;

    private const int BufferBytes = 64 << 10;

    /// <summary>Bytes of the value, once it is here; tells the pace of each piece before the next one. NotFound where there is no such key.</summary>
    public async ValueTask<Result<long>> WarmAsync(int database, byte[] key, Func<int, CancellationToken, ValueTask> pace, CancellationToken cancellation)
    {
        var memory = new CommandMemory();
        for (int waits = 0; waits < WaitsMax; waits++)
        {
            if (Look(database, key, memory, out ValueReader? reader, out long bytes) is not { } fault)
                return reader == null ? Whole(bytes) : await ReadAsync(reader, pace, cancellation).ConfigureAwait(false);
            CacheError? error = await keyspace.ResolveAsync(fault, memory, cancellation).ConfigureAwait(false);
            if (error != null)
                return error;
        }

        return new CacheError(CacheErrorCode.Busy, "the key changes faster than it can be brought");
    }

    private static Result<long> Whole(long bytes) => bytes < 0 ? new CacheError(CacheErrorCode.NotFound, "there is no such key") : bytes;

    // What to await, or null with a reader of a large value, a small one's bytes, or -1 where there is none.
    private Fault? Look(int database, byte[] bytes, CommandMemory memory, out ValueReader? reader, out long length)
    {
        (reader, length) = (null, -1);
        IBlobStore store = keyspace.Store;
        var key = new BlobKey(database, bytes, store.Hash(bytes));
        var scope = default(WriteScope);
        ulong shard = store.ShardOf(key.Hash);
        store.Lock(shard);
        try
        {
            if (!keyspace.TryFind(key, Need.Value, ref scope, memory, out EntryRef entry, out Fault fault))
                return fault;
            if (entry.IsNone)
                return null;
            length = store.BytesOf(entry);
            if (entry.IsLarge && !keyspace.IsWhole(entry, out _))
                reader = keyspace.OpenReader(key, entry, 0, long.MaxValue);
            return null;
        }
        finally
        {
            store.Unlock(shard);
        }
    }

    private static async ValueTask<Result<long>> ReadAsync(ValueReader reader, Func<int, CancellationToken, ValueTask> pace, CancellationToken cancellation)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            for (long bytes = 0; ;)
            {
                Result<int> read = await reader.ReadAsync(buffer, cancellation).ConfigureAwait(false);
                if (!read.IsOk)
                    return read.Error;
                if (read.Value == 0)
                    return bytes;
                bytes += read.Value;
                await pace(read.Value, cancellation).ConfigureAwait(false);
            }
        }
        finally
        {
            reader.Dispose();
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
