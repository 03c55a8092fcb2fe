using System.Runtime.InteropServices;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Log;
using Microsoft.Win32.SafeHandles;

namespace Hal.Cache.Storage.Tests.Log;

/// <summary>Whichever way a run of chunks is written, past the page cache or through it, the file has it.</summary>
public sealed class BulkWritesTests : IDisposable
{
    private const int PageBytes = 4 << 20;
    private const int Seed = 19;

    private readonly TempDirectory temp = new();
    private readonly Random random = new(Seed);

    public void Dispose() => temp.Dispose();

    [Fact]
    public void Chunks_are_in_the_file_whichever_way_they_went()
    {
        string path = temp.Sub("segment");
        using SafeFileHandle file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite);
        using var writes = new BulkWrites(new ManualTime());
        byte[][] pages = [.. Enumerable.Range(0, 4).Select(_ => Page(RecordKind.Chunk, IBlobStore.ChunkBytes))];

        for (int index = 0; index < pages.Length; index++)
            writes.Write(0, path, file, index * PageBytes, pages[index]);

        using SafeFileHandle? direct = Posix.OpenDirectly(path);
        Assert.Equal(direct != null ? 3 : 0, writes.DirectCount); // the second one tries the other way
        for (int index = 0; index < pages.Length; index++)
            Assert.True(pages[index].AsSpan().SequenceEqual(Read(file, index * PageBytes)), $"page {index}, seed {Seed}");
    }

    [Fact]
    public void What_follows_a_direct_write_through_the_cache_is_in_the_file_too()
    {
        string path = temp.Sub("segment");
        using SafeFileHandle file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite);
        using var writes = new BulkWrites(new ManualTime());
        byte[] ahead = Page(RecordKind.Value, 100);
        byte[] chunks = Page(RecordKind.Chunk, IBlobStore.ChunkBytes);
        RandomAccess.Write(file, ahead, 0); // the cache holds what the next write replaces on the disk

        writes.Write(0, path, file, 0, chunks);
        writes.Write(0, path, file, PageBytes, ahead);
        writes.Forget(0);

        Assert.True(chunks.AsSpan().SequenceEqual(Read(file, 0)), $"seed {Seed}");
        Assert.True(ahead.AsSpan().SequenceEqual(Read(file, PageBytes)), $"seed {Seed}");
    }

    [Theory]
    [InlineData((int)RecordKind.Value, 100)]
    [InlineData((int)RecordKind.Value, IBlobStore.InlineBytesMax)]
    public void Small_records_stay_in_the_cache(int kind, int valueBytes)
    {
        string path = temp.Sub("segment");
        using SafeFileHandle file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite);
        using var writes = new BulkWrites(new ManualTime());
        byte[] page = Page((RecordKind)kind, valueBytes);

        writes.Write(0, path, file, 0, page);
        writes.Write(0, path, file, PageBytes, page);

        Assert.Equal(0, writes.DirectCount);
        Assert.True(page.AsSpan().SequenceEqual(Read(file, PageBytes)), $"seed {Seed}");
    }

    private static byte[] Read(SafeFileHandle file, int offset)
    {
        var bytes = new byte[PageBytes];
        Assert.Equal(PageBytes, RandomAccess.Read(file, bytes, offset));
        return bytes;
    }

    private byte[] Page(RecordKind kind, int valueBytes)
    {
        var page = new byte[PageBytes];
        int length = (int)RecordFormat.Bytes(0, valueBytes);
        for (int at = 0; at + length <= PageBytes; at += length)
        {
            random.NextBytes(page.AsSpan(at, length));
            var header = new RecordHeader { Kind = kind, ValueLength = (uint)valueBytes };
            BitConverter.TryWriteBytes(page.AsSpan(at), RecordHeader.Bytes + valueBytes);
            MemoryMarshal.Write(page.AsSpan(at + RecordFormat.FrameBytes), in header);
        }

        return page;
    }
}
