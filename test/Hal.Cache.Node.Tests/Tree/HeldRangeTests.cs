using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node.Tests.Support;
using Hal.Cache.Node.Tree;
using Hal.Cache.Storage;

namespace Hal.Cache.Node.Tests.Tree;

/// <summary>Who asks for what is held has that, and nothing is fetched for it.</summary>
public sealed class HeldRangeTests : IAsyncDisposable
{
    private const int Chunk = IBlobStore.ChunkBytes;
    private const int Length = (5 * Chunk) + 100;

    private readonly Rig rig = new();
    private readonly TreeStatistics statistics = new("root");

    public async ValueTask DisposeAsync()
    {
        await rig.DisposeAsync();
        statistics.Dispose();
    }

    [Theory]
    [InlineData(2 * Chunk, Chunk, true)]
    [InlineData((2 * Chunk) + 7, (2 * Chunk) - 9, true)]
    [InlineData(2 * Chunk, (2 * Chunk) + 1, false)]
    [InlineData((2 * Chunk) - 1, 2, false)]
    [InlineData(5 * Chunk, 100, false)]
    public async Task Chunks_that_are_not_here_are_neither_fetched_nor_waited_for(int offset, int length, bool isHeld)
    {
        byte[] content = Rig.Bytes(Length);
        rig.Memory.Put("big", content);
        await rig.ReadAsync("o/big", 2 * Chunk, 2 * Chunk);
        long before = rig.Origin.BytesRead;

        byte[]? held = await ReadAsync("o/big", VersionOf("o/big"), offset, length);

        Assert.Equal(isHeld ? content[offset..(offset + length)] : null, held);
        Assert.Equal(before, rig.Origin.BytesRead);
    }

    [Fact]
    public async Task Another_version_and_a_key_that_is_not_here_are_not_held()
    {
        rig.Memory.Put("big", Rig.Bytes(Length));
        await rig.ReadAsync("o/big");
        long reads = rig.Origin.Stats + rig.Origin.Opens;

        Assert.Null(await ReadAsync("o/big", VersionOf("o/big") + 1, 0, Chunk));
        Assert.Null(await ReadAsync("o/none", 1, 0, Chunk));
        Assert.NotNull(await ReadAsync("o/big", VersionOf("o/big"), 0, Chunk));
        Assert.Equal(reads, rig.Origin.Stats + rig.Origin.Opens);
    }

    [Fact]
    public async Task A_version_that_was_kept_and_has_let_go_of_a_part_is_read_from_its_origin_again()
    {
        await using var small = new Rig(memoryBytes: BlobStoreOptions.MemoryBytesMin);
        byte[] content = Rig.Bytes(Length);
        small.Memory.Put("big", content);
        small.Memory.Put("others", Rig.Bytes(96 << 20));
        await small.ReadAsync("o/big");
        long version = VersionOf("o/big", small);
        Assert.Equal(content, await ReadAsync("o/big", version, 0, Length, small, isHeldOnly: false)); // from then on it is kept
        long before = small.Origin.BytesRead;

        await small.ReadAsync("o/others");

        Assert.Equal(content, await ReadAsync("o/big", version, 0, Length, small, isHeldOnly: false));
        Assert.True(small.Origin.BytesRead > before + (96 << 20), "all of it was there still");
    }

    private async Task<byte[]?> ReadAsync(string key, long version, int offset, int length, Rig? of = null, bool isHeldOnly = true)
    {
        var host = new PeerHost("root", (of ?? rig).Keyspace, statistics);
        var read = await host.ReadRangeAsync(new RangeRequest(0, Encoding.UTF8.GetBytes(key), (ulong)version, Length, offset, length, isHeldOnly));
        if (!read.IsOk) Assert.Equal(CacheErrorCode.NotFound, read.Error.Code);
        return read.IsOk ? read.Value : null;
    }

    private long VersionOf(string key) => VersionOf(key, rig);

    private static long VersionOf(string key, Rig rig)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(key);
        ulong hash = rig.Store.Hash(bytes);
        var scope = default(WriteScope);
        rig.Store.Lock(rig.Store.ShardOf(hash));
        try
        {
            return rig.Keyspace.VersionOf(rig.Store.Find(new BlobKey(0, bytes, hash), ref scope));
        }
        finally
        {
            rig.Store.Unlock(rig.Store.ShardOf(hash));
        }
    }
}
