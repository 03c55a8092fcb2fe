using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Origins;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node.Tests.Support;
using Hal.Cache.Node.Tree;
using Hal.Cache.Storage;
using Hal.Cache.Testing.Origins;
using Hal.Cache.Testing.Processes;

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
        using var directory = new TempDirectory();
        var memory = new MemoryOrigin();
        var origin = new CountingOrigin(memory);
        await using var small = new Rig(
            new BlobStoreOptions { Directory = directory.Path, MemoryBytes = BlobStoreOptions.MemoryBytesMin, DiskBytes = BlobStoreOptions.DiskBytesMin },
            others: new OriginMount("again/"u8.ToArray(), origin, Freshness.Immutable, spills: false));
        byte[] content = Rig.Bytes(Length);
        memory.Put("big", content);
        memory.Put("other", Rig.Bytes(96 << 20));
        await small.ReadAsync("again/big");
        (long version, ILargeValue value) = Look("again/big", small);
        Assert.Equal(content, await ReadAsync("again/big", version, 0, Length, small, isHeldOnly: false)); // from then on it is kept
        await LetGoAsync(small, "again/other", value);
        long before = origin.BytesRead;

        Assert.Equal(content, await ReadAsync("again/big", version, 0, Length, small, isHeldOnly: false));
        Assert.InRange(origin.BytesRead - before, 1, Length);
    }

    /// <summary>Reads an object that is larger than the memory until a part of the value has made room for it: which parts go when is chance.</summary>
    private static async Task LetGoAsync(Rig small, string larger, ILargeValue value)
    {
        const int ReadsMax = 64;
        for (int i = 0; value.ChunksPresent == value.ChunkCount; i++)
        {
            Assert.True(i < ReadsMax, $"all of it is there after {ReadsMax} reads");
            await small.ReadAsync(larger);
        }
    }

    private async Task<byte[]?> ReadAsync(string key, long version, int offset, int length, Rig? of = null, bool isHeldOnly = true)
    {
        var host = new PeerHost("root", (of ?? rig).Keyspace, statistics);
        var read = await host.ReadRangeAsync(new RangeRequest(0, Encoding.UTF8.GetBytes(key), (ulong)version, Length, offset, length, isHeldOnly));
        if (!read.IsOk) Assert.Equal(CacheErrorCode.NotFound, read.Error.Code);
        return read.IsOk ? read.Value : null;
    }

    private long VersionOf(string key) => Look(key, rig).Version;

    private static (long Version, ILargeValue Value) Look(string key, Rig rig)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(key);
        ulong hash = rig.Store.Hash(bytes);
        var scope = default(WriteScope);
        rig.Store.Lock(rig.Store.ShardOf(hash));
        try
        {
            EntryRef entry = rig.Store.Find(new BlobKey(0, bytes, hash), ref scope);
            return (rig.Keyspace.VersionOf(entry), rig.Store.Large(entry)!);
        }
        finally
        {
            rig.Store.Unlock(rig.Store.ShardOf(hash));
        }
    }
}
