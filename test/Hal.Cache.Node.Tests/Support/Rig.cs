using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Origins;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage;
using Hal.Cache.Testing.Origins;
using Hal.Cache.Testing.Time;

namespace Hal.Cache.Node.Tests.Support;

/// <summary>A keyspace on a real store in memory, with a counted and breakable origin behind <c>o/</c>; reads as a gateway would.</summary>
internal sealed class Rig : IAsyncDisposable
{
    /// <summary>Every wait of a test ends by then, or the test fails.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public Rig(Freshness? freshness = null, long memoryBytes = 256L << 20, int seed = 1, params OriginMount[] others)
        : this(new BlobStoreOptions { MemoryBytes = memoryBytes, Durability = StoreDurability.None, IsShared = true }, freshness, seed, others)
    {
    }

    public Rig(BlobStoreOptions options, Freshness? freshness = null, int seed = 1, params OriginMount[] others)
    {
        Faulty = new(Memory, seed);
        Origin = new(Faulty);
        var opened = BlobStores.Open(options, new DropAll(), TimeProvider.System);
        Store = opened.Value;
        Keyspace = new(Store, new Mounts([new("o/"u8.ToArray(), Origin, freshness ?? Freshness.Immutable), .. others]), Clock);
    }

    public MemoryOrigin Memory { get; } = new();

    public FaultyOrigin Faulty { get; }

    public CountingOrigin Origin { get; }

    public IBlobStore Store { get; }

    public ManualTimeProvider Clock { get; } = new();

    public Keyspace Keyspace { get; }

    public static byte[] Bytes(int length, int seed = 7)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>The value's range, null where there is none.</summary>
    public async Task<Result<byte[]?>> ReadAsync(
        string key, long start = 0, long length = long.MaxValue, CancellationToken cancellation = default)
    {
        var memory = new CommandMemory();
        while (true)
        {
            (bool found, bool none, byte[]? inline, ValueReader? reader, Fault fault) = Look(key, start, length, memory);
            if (found)
            {
                using (reader)
                    return none ? (byte[]?)null : reader == null ? inline : await DrainAsync(reader, cancellation);
            }

            if (await Keyspace.ResolveAsync(fault, memory, cancellation).AsTask().WaitAsync(Patience, CancellationToken.None) is { } error
                && error.Code != CacheErrorCode.NotFound)
                return error;
        }
    }

    /// <summary>The value's length by its metadata alone, -1 where there is none.</summary>
    public async Task<Result<long>> LengthAsync(string key)
    {
        var memory = new CommandMemory();
        while (true)
        {
            if (Measure(key, memory, out long length, out Fault fault))
                return length;
            if (await Keyspace.ResolveAsync(fault, memory, default) is { } error && error.Code != CacheErrorCode.NotFound)
                return error;
        }
    }

    /// <summary>Whether the store holds the key now.</summary>
    public bool Holds(string key)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(key);
        ulong hash = Store.Hash(bytes);
        var scope = default(WriteScope);
        Store.Lock(Store.ShardOf(hash));
        bool holds = !Store.Find(new BlobKey(0, bytes, hash), ref scope).IsNone;
        Store.Unlock(Store.ShardOf(hash));
        return holds;
    }

    /// <summary>The large value that the store holds now.</summary>
    public ILargeValue Retain(string key)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(key);
        ulong hash = Store.Hash(bytes);
        var scope = default(WriteScope);
        Store.Lock(Store.ShardOf(hash));
        ILargeValue value = Store.Large(Store.Find(new BlobKey(0, bytes, hash), ref scope));
        value.Retain();
        Store.Unlock(Store.ShardOf(hash));
        return value;
    }

    public ValueReader Open(string key, long start, long length)
    {
        (bool found, _, _, ValueReader? reader, _) = Look(key, start, length, null);
        Assert.True(found);
        return reader!;
    }

    public async ValueTask DisposeAsync()
    {
        await Keyspace.DisposeAsync().AsTask().WaitAsync(Patience);
        await Store.DisposeAsync();
        Assert.Equal(0, Origin.OpenReaders);
    }

    public static async Task<Result<byte[]?>> DrainAsync(ValueReader reader, CancellationToken cancellation)
    {
        var whole = new byte[reader.Remaining];
        int filled = 0;
        while (reader.Remaining > 0)
        {
            Result<int> read = await reader.ReadAsync(whole.AsMemory(filled), cancellation).AsTask().WaitAsync(Patience, CancellationToken.None);
            if (!read.IsOk)
                return read.Error;
            Assert.NotEqual(0, read.Value);
            filled += read.Value;
        }

        return whole;
    }

    private (bool Found, bool None, byte[]? Inline, ValueReader? Reader, Fault Fault) Look(
        string key, long start, long length, CommandMemory? memory)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(key);
        ulong hash = Store.Hash(bytes);
        var blob = new BlobKey(0, bytes, hash);
        var scope = default(WriteScope);
        Store.Lock(Store.ShardOf(hash));
        try
        {
            if (!Keyspace.TryFind(blob, Need.Value, ref scope, memory, out EntryRef entry, out Fault fault))
                return (false, false, null, null, fault);
            if (entry.IsNone)
                return (true, true, null, null, default);
            return entry.IsLarge
                ? (true, false, null, Keyspace.OpenReader(blob, entry, start, length), default)
                : (true, false, entry.Value[(int)Math.Min(start, entry.ValueLength)..].ToArray(), null, default);
        }
        finally
        {
            Store.Unlock(Store.ShardOf(hash));
        }
    }

    private bool Measure(string key, CommandMemory memory, out long length, out Fault fault)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(key);
        ulong hash = Store.Hash(bytes);
        var scope = default(WriteScope);
        Store.Lock(Store.ShardOf(hash));
        try
        {
            length = -1;
            if (!Keyspace.TryFind(new BlobKey(0, bytes, hash), Need.Meta, ref scope, memory, out EntryRef entry, out fault))
                return false;
            if (!entry.IsNone)
                length = entry.IsLarge ? Store.Large(entry).Length : entry.ValueLength;
            return true;
        }
        finally
        {
            Store.Unlock(Store.ShardOf(hash));
        }
    }
}
