using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node;
using Hal.Cache.Node.Values;

namespace Hal.Cache.Gateway.Digests;

/// <summary>Digests keys' values one after the other, each under the lock of its shard, large strings without it. For one command.</summary>
internal sealed class KeyDigester(CommandContext context)
{
    private readonly byte[] chunk = new byte[IBlobStore.ChunkBytes];
    private ValueReader? large;

    /// <summary>Adds a key's value; false where there is none. Null where it can't be had, and the error is replied.</summary>
    public async ValueTask<bool?> AddAsync(int database, byte[] key, ValueDigest digest)
    {
        ulong shard = context.Store.ShardOf(context.Store.Hash(key));
        Step step;
        while ((step = Take(database, key, shard, digest)) is Step.Faulted or Step.Fenced)
        {
            if (step == Step.Fenced) await context.Server.Fence.WaitAsync(shard, context.Cancellation);
            else if (!await context.ResolveFaultAsync()) return null;
        }

        if (large is not null && !await AddLargeAsync(digest)) return null;
        if (step == Step.Expires) digest.AddExpiry();
        return step != Step.Absent;
    }

    private enum Step
    {
        Absent,
        Stays,
        Expires,
        Faulted,
        Fenced,
    }

    private Step Take(int database, byte[] key, ulong shard, ValueDigest digest)
    {
        context.Store.Lock(shard);
        try
        {
            if (context.Server.Fence.Holds(shard)) return Step.Fenced;
            var name = new BlobKey(database, key, context.Store.Hash(key));
            if (!context.TryFind(name, Need.Value, out EntryRef entry)) return Step.Faulted;
            if (entry.IsNone) return Step.Absent;
            digest.Mix(entry.Type);
            if (!entry.IsObject && entry.IsLarge) large = context.Keyspace.OpenReader(name, entry, 0, context.Store.Large(entry).Length);
            else if (!entry.IsObject) digest.Mix(entry.Value);
            else if (context.Store.Object(entry) is ICollectionValue collection) Add(collection, digest);
            return entry.ExpiresAt != 0 ? Step.Expires : Step.Stays;
        }
        finally
        {
            context.Store.Unlock(shard);
        }
    }

    private void Add(ICollectionValue collection, ValueDigest digest)
    {
        if (collection is HashValue { HasTimes: true } hash) hash.LookAt(context.Now);
        digest.Add(collection);
    }

    [SuppressMessage("Security", "CA5350", Justification = "Redis's digests are of SHA-1; nothing is secured by them.")]
    private async ValueTask<bool> AddLargeAsync(ValueDigest digest)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        using ValueReader reader = large!;
        large = null;
        while (reader.Remaining > 0)
        {
            Result<int> read = await reader.ReadAsync(chunk, context.Cancellation);
            if (!read.IsOk || read.Value == 0)
            {
                context.Error(read.IsOk ? new CacheError(CacheErrorCode.Busy, "the value changed while it was read") : read.Error);
                return false;
            }

            hash.AppendData(chunk, 0, read.Value);
        }

        digest.MixHash(hash.GetHashAndReset());
        return true;
    }
}
