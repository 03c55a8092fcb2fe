using System.Buffers.Binary;
using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node.Tests.Support;
using Hal.Cache.Node.Tree;
using Hal.Cache.Node.Tree.Collections;
using Hal.Cache.Node.Values;
using Hal.Cache.Storage;

namespace Hal.Cache.Node.Tests.Tree.Collections;

public sealed class ObjectSnapshotTests : IAsyncDisposable
{
    private static readonly byte[] Key = "k"u8.ToArray();

    private readonly Rig rig = new(new BlobStoreOptions
    {
        MemoryBytes = 64L << 20, Durability = StoreDurability.None, ObjectCodec = new CollectionCodec(new CollectionLimits()),
    });

    private readonly TreeStatistics statistics = new("root");

    [Fact]
    public async Task A_manifest_fixes_the_bytes_of_a_version_which_stay_after_it_was_overwritten()
    {
        var host = new PeerHost("root", rig.Keyspace, statistics);
        long version = Put(Hash(5000, 100));
        (long length, uint checksum) = await ManifestAsync(host, version);
        Assert.Equal(0, statistics.BytesServed); // a manifest is no bytes of the object

        Put(Hash(10, 100));

        byte[] blob = (await ReadAsync(host, version, length))!;
        Assert.Equal(checksum, Crc32C.Append(0, blob));
        Assert.Equal(5000, ((HashValue)new CollectionCodec(new CollectionLimits()).Read(BlobType.Hash, new(blob)).Value).Count);
        Assert.Equal(length, statistics.BytesServed);
    }

    [Fact]
    public async Task A_blob_that_nobody_asks_for_goes_and_an_old_version_with_it()
    {
        var host = new PeerHost("root", rig.Keyspace, statistics);
        long version = Put(Hash(5000, 100));
        (long length, _) = await ManifestAsync(host, version);
        long newest = Put(Hash(10, 100));
        Assert.Equal(length, rig.Keyspace.Snapshots.Bytes);

        rig.Clock.Advance(2 * ObjectSnapshots.KeptFor);

        Assert.Equal(0, rig.Keyspace.Snapshots.Bytes);
        Assert.Null(await ReadAsync(host, version, length));
        (long smaller, _) = await ManifestAsync(host, newest);
        rig.Clock.Advance(2 * ObjectSnapshots.KeptFor);
        Assert.NotNull(await ReadAsync(host, newest, smaller)); // the newest is written once more
    }

    [Fact]
    public async Task Another_version_and_another_type_have_no_manifest()
    {
        var host = new PeerHost("root", rig.Keyspace, statistics);
        long version = Put(Hash(10, 10));

        Assert.False((await host.OpenRangeAsync(RangeRequest.OfManifest(0, Key, (ulong)version + 64), default)).IsOk);
        Assert.False((await host.OpenRangeAsync(RangeRequest.OfManifest(0, "none"u8.ToArray(), 1), default)).IsOk);
    }

    [Fact]
    public async Task Who_asks_for_what_is_held_of_a_collection_hears_that_its_bytes_are_elsewhere_and_none_are_written()
    {
        var host = new PeerHost("root", rig.Keyspace, statistics);
        long version = Put(Hash(5000, 100));
        var range = new RangeRequest(0, Key, (ulong)version, 1000, 0, 1000, IsHeldOnly: true);

        Assert.Equal(CacheErrorCode.Elsewhere, (await host.OpenRangeAsync(range, default)).Error!.Code);
        Assert.Equal(CacheErrorCode.NotFound, (await host.OpenRangeAsync(range with { Version = (ulong)version + 64 }, default)).Error!.Code);
        Assert.Equal(0, rig.Keyspace.Snapshots.Bytes);
    }

    [Fact]
    public async Task Blobs_together_stay_within_their_part_of_the_memory()
    {
        var host = new PeerHost("root", rig.Keyspace, statistics);
        long limit = rig.Store.Statistics.MemoryLimitBytes / 4;
        for (int round = 0; round < 6; round++)
        {
            await ManifestAsync(host, Put(Hash(40, 100_000)));
            Assert.InRange(rig.Keyspace.Snapshots.Bytes, 1, limit);
        }
    }

    // What is the newest of its key takes no memory here, so that it is not in the way of what was overwritten.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_string_that_was_asked_for_stays_when_it_is_overwritten_however_many_others_were_asked_for_since(bool isOverwritten)
    {
        const int length = 4 << 20, others = 12;
        rig.Keyspace.Snapshots.Follow();
        var host = new PeerHost("root", rig.Keyspace, statistics);
        byte[] content = Rig.Bytes(length);
        long version = await PutAsync("k", content);
        Assert.NotNull(await ReadAsync(host, version, length));
        for (int other = 0; other < others; other++)
        {
            string key = $"other{other % 2}"; // the store has room for few
            long theirs = await PutAsync(key, content);
            Assert.True((await host.ReadRangeAsync(new RangeRequest(0, Encoding.ASCII.GetBytes(key), (ulong)theirs, length, 0, 100))).IsOk);
            rig.Clock.Advance(2 * ObjectSnapshots.KeptFor); // and what of those was overwritten goes
        }

        if (isOverwritten)
            await PutAsync("k", Rig.Bytes(length, seed: 8));
        else
            Remove("k");

        Assert.Equal(length, rig.Keyspace.Snapshots.Bytes);
        Assert.Equal(content, await ReadAsync(host, version, length));
        rig.Clock.Advance(2 * ObjectSnapshots.KeptFor);
        Assert.Equal(0, rig.Keyspace.Snapshots.Bytes);
        Assert.Null(await ReadAsync(host, version, length));
    }

    [Fact]
    public async Task Overwritten_strings_together_stay_within_their_part_of_the_memory_and_the_first_go_first()
    {
        const int length = 4 << 20;
        rig.Keyspace.Snapshots.Follow();
        var host = new PeerHost("root", rig.Keyspace, statistics);
        long limit = rig.Store.Statistics.MemoryLimitBytes / 4;
        var versions = new List<long>();
        for (int round = 0; round < 7; round++)
        {
            versions.Add(await PutAsync("k", Rig.Bytes(length, round)));
            Assert.NotNull(await ReadAsync(host, versions[^1], length));
            Assert.InRange(rig.Keyspace.Snapshots.Bytes, 0, limit);
        }

        Assert.Null(await ReadAsync(host, versions[0], length));
        Assert.Equal(Rig.Bytes(length, 5), await ReadAsync(host, versions[5], length));
    }

    [Fact]
    public async Task A_value_that_gets_another_time_of_its_end_again_and_again_counts_once()
    {
        const int length = 4 << 20, times = 6;
        rig.Keyspace.Snapshots.Follow();
        var host = new PeerHost("root", rig.Keyspace, statistics);
        byte[] content = Rig.Bytes(length);
        var versions = new List<long> { await PutAsync("k", content) };
        for (int time = 1; time <= times; time++)
        {
            Assert.NotNull(await ReadAsync(host, versions[^1], length));
            versions.Add(Expire("k", DateTimeOffset.UtcNow.AddHours(time).ToUnixTimeMilliseconds())); // by the store's clock
        }

        Assert.Equal(length, rig.Keyspace.Snapshots.Bytes);
        Assert.Equal(content, await ReadAsync(host, versions[0], length));
        rig.Clock.Advance(2 * ObjectSnapshots.KeptFor);
        Assert.Equal(0, rig.Keyspace.Snapshots.Bytes);
    }

    [Fact]
    public async Task A_string_that_is_being_read_stays_when_its_database_or_another_one_is_emptied()
    {
        const int length = 4 << 20;
        rig.Keyspace.Snapshots.Follow();
        var host = new PeerHost("root", rig.Keyspace, statistics);
        byte[] content = Rig.Bytes(length);
        long version = await PutAsync("k", content);
        Assert.NotNull(await ReadAsync(host, version, length));

        Flush();

        Assert.Equal(content, await ReadAsync(host, version, length));
        rig.Clock.Advance(2 * ObjectSnapshots.KeptFor);
        Assert.Null(await ReadAsync(host, version, length));
    }

    [Fact]
    public void Pieces_take_writes_of_any_size_and_give_them_back_in_order()
    {
        var random = new Random(3);
        using var pieces = new BlobPieces();
        using var expected = new MemoryStream();
        for (int write = 0; write < 300; write++)
        {
            var bytes = new byte[random.Next(1, 20_000)];
            random.NextBytes(bytes);
            bytes.CopyTo(pieces.GetSpan(bytes.Length));
            pieces.Advance(bytes.Length);
            expected.Write(bytes);
        }

        Assert.Equal(expected.ToArray(), pieces.ToArray());
    }

    public async ValueTask DisposeAsync()
    {
        await rig.DisposeAsync();
        statistics.Dispose();
    }

    private static HashValue Hash(int fields, int bytes)
    {
        var hash = new HashValue(new CollectionLimits());
        for (int field = 0; field < fields; field++) hash.Set(Encoding.ASCII.GetBytes($"field:{field}"), new byte[bytes], null);
        return hash;
    }

    private static async Task<(long Length, uint Checksum)> ManifestAsync(PeerHost host, long version)
    {
        var opened = await host.OpenRangeAsync(RangeRequest.OfManifest(0, Key, (ulong)version), default);
        using IRangeReader reader = opened.Value;
        var manifest = new byte[RangeRequest.ManifestBytes];
        Assert.Equal(manifest.Length, (await reader.ReadAsync(manifest, default)).Value);
        return (BinaryPrimitives.ReadInt64LittleEndian(manifest), BinaryPrimitives.ReadUInt32LittleEndian(manifest.AsSpan(sizeof(long))));
    }

    private static async Task<byte[]?> ReadAsync(PeerHost host, long version, long length)
    {
        var read = await host.ReadRangeAsync(new RangeRequest(0, Key, (ulong)version, length, 0, (int)length));
        return read.IsOk ? read.Value : null;
    }

    private long Put(HashValue value)
    {
        ulong hash = rig.Store.Hash(Key);
        var scope = default(WriteScope);
        rig.Store.Lock(rig.Store.ShardOf(hash));
        try
        {
            Assert.Equal(StoreStatus.Done, rig.Store.Put(new BlobKey(0, Key, hash), value, 0, EntryFlags.None, ref scope));
            return rig.Store.Find(new BlobKey(0, Key, hash), ref scope).Version;
        }
        finally
        {
            rig.Store.Unlock(rig.Store.ShardOf(hash));
        }
    }

    private async Task<long> PutAsync(string name, byte[] content)
    {
        ILargeValue value = rig.Store.Stage(content.Length);
        for (int index = 0; index < value.ChunkCount; index++)
            Assert.Null(await value.WriteChunkAsync(index, content.AsMemory(index * IBlobStore.ChunkBytes, IBlobStore.ChunkBytes), default));
        try
        {
            return Change(name, (in BlobKey key, IBlobStore store) =>
            {
                var scope = default(WriteScope);
                Assert.Equal(StoreStatus.Done, store.Put(key, BlobType.String, value, 0, EntryFlags.None, ref scope));
                return store.Find(key, ref scope).Version;
            });
        }
        finally
        {
            value.Release();
        }
    }

    private long Expire(string name, long at) => Change(name, (in BlobKey key, IBlobStore store) =>
    {
        var scope = default(WriteScope);
        Assert.Equal(StoreStatus.Done, store.SetExpiry(key, at, ref scope));
        return store.Find(key, ref scope).Version;
    });

    private void Flush()
    {
        var scope = default(WriteScope);
        rig.Store.Lock(rig.Store.AllShards);
        try
        {
            Assert.Equal(StoreStatus.Done, rig.Store.Flush(-1, ref scope));
        }
        finally
        {
            rig.Store.Unlock(rig.Store.AllShards);
        }
    }

    private void Remove(string name) => Change(name, (in BlobKey key, IBlobStore store) =>
    {
        var scope = default(WriteScope);
        Assert.Equal(StoreStatus.Done, store.Remove(key, RemovalReason.Deleted, ref scope, out _));
        return 0;
    });

    private long Change(string name, ChangeStep change)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(name);
        ulong hash = rig.Store.Hash(bytes);
        rig.Store.Lock(rig.Store.ShardOf(hash));
        try
        {
            return change(new BlobKey(0, bytes, hash), rig.Store);
        }
        finally
        {
            rig.Store.Unlock(rig.Store.ShardOf(hash));
        }
    }

    private delegate long ChangeStep(in BlobKey key, IBlobStore store);
}
