using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Origins;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node.Tests.Support;
using Hal.Cache.Storage;
using Hal.Cache.Testing.Origins;

namespace Hal.Cache.Node.Tests.Fetch;

/// <summary>A store on disk behind the pipeline: what was held of an object before a restart is held after it, and is not read again.</summary>
public sealed class RestartTests : IDisposable
{
    private const int Chunk = IBlobStore.ChunkBytes;
    private const int Length = (40 * Chunk) + 12_345;

    private static readonly (int Start, int Length)[] Ranges = [(0, 10), (5 * Chunk, (3 * Chunk) + 1), (20 * Chunk, Chunk), (Length - 7, 7)];

    private readonly string directory = Directory.CreateTempSubdirectory("hal-restart-").FullName;
    private readonly byte[] large = Rig.Bytes(Length);
    private readonly byte[] small = Rig.Bytes(5000, seed: 8);

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Theory]
    [InlineData(StoreDurability.Commit)]
    [InlineData(StoreDurability.Interval)]
    [InlineData(StoreDurability.None)]
    public async Task Only_what_was_missing_is_read_after_a_restart(StoreDurability durability)
    {
        IReadOnlyList<ByteRange> before;
        await using (Rig first = Open(durability))
        {
            foreach ((int start, int length) in Ranges)
                Assert.Equal(large[start..(start + length)], (await first.ReadAsync("o/large", start, length)).Value);
            Assert.Equal(small, (await first.ReadAsync("o/small")).Value);
            Assert.Equal(Length, (await first.LengthAsync("o/meta")).Value);
            before = first.Origin.RangesOf("large");
        }

        await using Rig second = Open(durability);
        foreach ((int start, int length) in Ranges)
            Assert.Equal(large[start..(start + length)], (await second.ReadAsync("o/large", start, length)).Value);
        Assert.Equal(small, (await second.ReadAsync("o/small")).Value);
        Assert.Equal(Length, (await second.LengthAsync("o/meta")).Value);
        Assert.Equal((0L, 0L, 0L), (second.Origin.BytesRead, second.Origin.Opens, second.Origin.Stats));

        Assert.Equal(large, (await second.ReadAsync("o/large")).Value);

        Assert.Null(second.Origin.FirstByteReadTwice("large"));
        Assert.Equal(Length, before.Sum(range => range.Length) + second.Origin.BytesRead);
        Assert.DoesNotContain(second.Origin.RangesOf("large"), range => before.Any(held => range.Offset < held.End && held.Offset < range.End));
    }

    [Fact]
    public async Task Another_version_after_a_restart_is_read_whole()
    {
        var freshness = new Freshness(FreshnessMode.Validate, TimeSpan.Zero);
        await using (Rig first = Open(StoreDurability.None, freshness))
            Assert.Equal(large[..10], (await first.ReadAsync("o/large", 0, 10)).Value);
        await using Rig second = Open(StoreDurability.None, freshness);
        byte[] changed = Rig.Bytes(Length, seed: 9);
        second.Memory.Put("large", changed);

        Result<byte[]?> read = await second.ReadAsync("o/large");

        Assert.Equal(changed, read.Value);
        Assert.Equal(Length, second.Origin.BytesRead);
    }

    // The objects get the same versions in every origin, since they are put in the same order.
    private Rig Open(StoreDurability durability, Freshness? freshness = null)
    {
        var rig = new Rig(
            new BlobStoreOptions
            {
                Directory = directory, MemoryBytes = BlobStoreOptions.MemoryBytesMin, DiskBytes = BlobStoreOptions.DiskBytesMin, Durability = durability,
            },
            freshness);
        rig.Memory.Put("large", large);
        rig.Memory.Put("small", small);
        rig.Memory.Put("meta", large);
        return rig;
    }
}
