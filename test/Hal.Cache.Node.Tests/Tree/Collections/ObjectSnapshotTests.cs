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
}
