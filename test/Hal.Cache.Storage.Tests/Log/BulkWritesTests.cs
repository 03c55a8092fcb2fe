using System.Runtime.CompilerServices;
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
        Memory<byte>[] pages = [.. Enumerable.Range(0, 4).Select(_ => Page(RecordKind.Chunk, IBlobStore.ChunkBytes))];

        for (int index = 0; index < pages.Length; index++)
            writes.Write(0, path, file, index * PageBytes, pages[index].Span);

        using SafeFileHandle? direct = Posix.OpenDirectly(path);
        Assert.Equal(direct != null ? 3 : 0, writes.DirectCount); // the second one tries the other way
        for (int index = 0; index < pages.Length; index++)
            Assert.True(pages[index].Span.SequenceEqual(Read(file, index * PageBytes)), $"page {index}, seed {Seed}");
    }

    [Fact]
    public void What_follows_a_direct_write_through_the_cache_is_in_the_file_too()
    {
        string path = temp.Sub("segment");
        using SafeFileHandle file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite);
        using var writes = new BulkWrites(new ManualTime());
        Memory<byte> ahead = Page(RecordKind.Value, 100);
        Memory<byte> chunks = Page(RecordKind.Chunk, IBlobStore.ChunkBytes);
        RandomAccess.Write(file, ahead.Span, 0); // the cache holds what the next write replaces on the disk

        writes.Write(0, path, file, 0, chunks.Span);
        writes.Write(0, path, file, PageBytes, ahead.Span);
        writes.Forget(0);

        Assert.True(chunks.Span.SequenceEqual(Read(file, 0)), $"seed {Seed}");
        Assert.True(ahead.Span.SequenceEqual(Read(file, PageBytes)), $"seed {Seed}");
    }

    [Theory]
    [InlineData((int)RecordKind.Value, 100)]
    [InlineData((int)RecordKind.Value, IBlobStore.InlineBytesMax)]
    public void Small_records_stay_in_the_cache(int kind, int valueBytes)
    {
        string path = temp.Sub("segment");
        using SafeFileHandle file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite);
        using var writes = new BulkWrites(new ManualTime());
        Memory<byte> page = Page((RecordKind)kind, valueBytes);

        writes.Write(0, path, file, 0, page.Span);
        writes.Write(0, path, file, PageBytes, page.Span);

        Assert.Equal(0, writes.DirectCount);
        Assert.True(page.Span.SequenceEqual(Read(file, PageBytes)), $"seed {Seed}");
    }

    [Fact]
    public void What_begins_in_the_middle_of_a_record_stays_in_the_cache()
    {
        string path = temp.Sub("segment");
        using SafeFileHandle file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite);
        using var writes = new BulkWrites(new ManualTime());
        Memory<byte> page = Page(RecordKind.Value, 100);

        writes.Write(0, path, file, 0, page.Span);
        writes.Write(0, path, file, LogDevice.SectorBytes, page.Span[LogDevice.SectorBytes..]);

        Assert.Equal(0, writes.DirectCount);
        Assert.True(page.Span.SequenceEqual(Read(file, 0)), $"seed {Seed}");
    }

    private static byte[] Read(SafeFileHandle file, int offset)
    {
        var bytes = new byte[PageBytes];
        Assert.Equal(PageBytes, RandomAccess.Read(file, bytes, offset));
        return bytes;
    }

    /// <summary>A page aligned as the log's are.</summary>
    private unsafe Memory<byte> Page(RecordKind kind, int valueBytes)
    {
        byte[] room = GC.AllocateArray<byte>(PageBytes + LogDevice.SectorBytes, pinned: true);
        long from = (long)Unsafe.AsPointer(ref room[0]);
        int start = (int)((-from) & (LogDevice.SectorBytes - 1));
        Span<byte> page = room.AsSpan(start, PageBytes);
        int length = (int)RecordFormat.Bytes(0, valueBytes);
        for (int at = 0; at + length <= PageBytes; at += length)
        {
            random.NextBytes(page.Slice(at, length));
            var header = new RecordHeader { Kind = kind, ValueLength = (uint)valueBytes };
            BitConverter.TryWriteBytes(page[at..], RecordHeader.Bytes + valueBytes);
            MemoryMarshal.Write(page[(at + RecordFormat.FrameBytes)..], in header);
        }

        return room.AsMemory(start, PageBytes);
    }
}
