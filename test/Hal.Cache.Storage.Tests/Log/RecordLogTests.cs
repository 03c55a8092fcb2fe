using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Hal.Cache.Contracts;
using Hal.Cache.Storage.Log;

namespace Hal.Cache.Storage.Tests.Log;

public sealed class RecordLogTests : IDisposable
{
    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    [Fact]
    public void RecordHeader_lies_as_documented()
    {
        var header = new RecordHeader
        {
            Checksum = 1, Kind = RecordKind.Chunk, Flags = 2, Space = 3, Version = 4, ExpiresAt = 5, Transaction = 6, KeyLength = 7,
            ValueLength = 8, Type = 9, Encoding = 10, Reserved = 11, PolicyState = 12, A = 13, B = 14,
        };

        var bytes = MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(ref header, 1)).ToArray();

        Assert.Equal(64, Unsafe.SizeOf<RecordHeader>());
        byte[] expected =
        [
            1, 0, 0, 0, 3, 2, 3, 0, 4, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0,
            7, 0, 0, 0, 8, 0, 0, 0, 9, 10, 11, 0, 12, 0, 0, 0, 13, 0, 0, 0, 0, 0, 0, 0, 14, 0, 0, 0, 0, 0, 0, 0,
        ];
        Assert.Equal(expected, bytes);
    }

    [Fact]
    public async Task Records_are_read_and_scanned_as_appended_across_pages_and_segments()
    {
        await using var host = LogHost.Open(temp.Sub("a"));
        var addresses = new List<(long Address, int Length)>();
        for (var i = 0; i < 400; i++)
        {
            var length = i * 37 % 3000;
            addresses.Add((await host.AppendAsync(i, length), length));
        }

        await host.CommitAsync();

        for (var i = 0; i < 400; i++)
            await host.AssertReadsAsync(addresses[i].Address, i, addresses[i].Length);
        var scan = host.Scan();
        Assert.Equal(addresses.Select(a => a.Address), scan.Records.Select(r => r.Address));
        Assert.Empty(scan.Damage);
        Assert.Equal(host.Log.TailAddress, scan.End);
        Assert.True(host.Files.Segments.Count >= 4);
        Assert.Equal(host.Files.Segments.Count * (long)host.Log.SegmentBytes, host.Log.DiskBytes);
    }

    [Fact]
    public async Task RecordBytes_is_the_distance_between_records_of_a_page()
    {
        await using var host = LogHost.Open(temp.Sub("a"));
        for (var length = 0; length < 9; length++)
        {
            var first = await host.AppendAsync(length, length);
            var second = await host.AppendAsync(length, 0);
            Assert.Equal(host.Log.RecordBytes(8, length), second - first);
        }
    }

    [Fact]
    public async Task Value_in_pieces_is_stored_as_the_same_bytes()
    {
        await using var host = LogHost.Open(temp.Sub("a"));
        var (key, value) = LogHost.Content(7, 5000);
        var first = new Piece(value.AsMemory(0, 1));
        var last = first.Then(value.AsMemory(1, 4000)).Then(value.AsMemory(4001));
        var header = new RecordHeader { Kind = RecordKind.Value, Version = 7 };

        Assert.True(host.Log.TryAppend(ref header, key, new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length), out var address));

        await host.AssertReadsAsync(address, 7, 5000);
    }

    [Fact]
    public async Task Read_of_what_is_not_yet_written_waits_for_it()
    {
        await using var host = LogHost.Open(temp.Sub("a"), LogHost.Options(LogDurability.None));
        var address = await host.AppendAsync(1, 100);
        Assert.True(host.Log.CommittedUntil <= address);

        await host.AssertReadsAsync(address, 1, 100);
    }

    [Fact]
    public async Task Reads_that_wait_for_the_disk_are_right_however_many_there_are()
    {
        await using var host = LogHost.Open(temp.Sub("a"));
        var addresses = await TruncationTests.FillAsync(host, 0, 200);
        host.Files.NothingCached = true;

        await Task.WhenAll(Enumerable.Range(0, 2000).Select(i => host.AssertReadsAsync(addresses[i % 200], i % 200, 5000)));
    }

    [Fact]
    public async Task Read_fails_with_Corrupt_where_no_record_begins()
    {
        await using var host = LogHost.Open(temp.Sub("a"));
        var address = await host.AppendAsync(1, 1000);
        await host.CommitAsync();
        var length = host.Log.RecordBytes(8, 1000);

        var inside = await host.Log.ReadAsync(address + 4, length - 4, default);
        var shorter = await host.Log.ReadAsync(address, length - 4, default);
        var beyond = await host.Log.ReadAsync(host.Log.TailAddress, length, default);

        Assert.All([inside, shorter, beyond], result => Assert.Equal(CacheErrorCode.Corrupt, result.Error?.Code));
    }

    [Fact]
    public async Task Read_fails_with_Unavailable_when_the_device_does()
    {
        await using var host = LogHost.Open(temp.Sub("a"));
        var address = await host.AppendAsync(1, 1000);
        await host.CommitAsync();
        host.Files.ReadsFail = true;

        var read = await host.Log.ReadAsync(address, host.Log.RecordBytes(8, 1000), default);

        Assert.Equal(CacheErrorCode.Unavailable, read.Error?.Code);
        Assert.Throws<IOException>(() => host.Scan());
    }

    [Fact]
    public async Task Append_of_a_record_longer_than_a_page_throws()
    {
        await using var host = LogHost.Open(temp.Sub("a"));
        var header = default(RecordHeader);

        Assert.Throws<ArgumentOutOfRangeException>(
            () => host.Log.TryAppend(ref header, [1], new byte[host.Log.RecordBytesMax - RecordFormat.PrefixBytes], out _));
        Assert.True(host.Log.TryAppend(ref header, [1], new byte[host.Log.RecordBytesMax - RecordFormat.PrefixBytes - 1], out var address));
        await host.CommitAsync();
        Assert.True((await host.Log.ReadAsync(address, host.Log.RecordBytesMax, default)).IsOk);
    }

    [Theory]
    [InlineData(nameof(LogDurability.Commit))]
    [InlineData(nameof(LogDurability.Interval))]
    [InlineData(nameof(LogDurability.None))]
    public async Task Reopening_finds_everything_and_goes_on_at_the_same_address(string durability)
    {
        var expected = new List<(long, long, int)>();
        for (var run = 0; run < 5; run++)
        {
            await using var host = LogHost.Open(temp.Sub("a"), LogHost.Options(Enum.Parse<LogDurability>(durability)));
            Assert.Equal(run == 0, host.Log.Recovery.IsNew);
            Assert.Equal(0, host.Log.Recovery.CutBytes);
            Assert.Equal(expected, host.Scan().Records);
            var tail = host.Log.TailAddress;
            for (var i = 0; i < 150; i++)
            {
                var address = await host.AppendAsync(run * 1000 + i, 1001 * i % 4000);
                Assert.True(i > 0 || address == tail || address % (64 << 10) == 0, "appends go on at the tail or the next page");
                expected.Add((address, run * 1000 + i, 1001 * i % 4000));
            }
        }
    }

    [Fact]
    public async Task Reopening_keeps_the_geometry_whatever_the_options_say()
    {
        await using (var host = LogHost.Open(temp.Sub("a")))
            await host.AppendAsync(1, 60_000);
        var other = new RecordLogOptions { PageBytes = 1 << 20, BufferBytes = 4 << 20, SegmentBytes = 2 << 20, FreeDiskReserveBytes = 0 };

        await using var again = LogHost.Open(temp.Sub("a"), other);

        Assert.Equal(128 << 10, again.Log.SegmentBytes);
        Assert.Equal(64 << 10, again.Log.RecordBytesMax);
        Assert.Equal([1], again.Scan().Numbers);
    }

    [Fact]
    public async Task Appends_from_many_threads_are_all_there_and_apart()
    {
        await using var host = LogHost.Open(temp.Sub("a"));
        const int perThread = 2000;
        var addresses = new long[4 * perThread];

        await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(async () =>
        {
            for (var i = thread * perThread; i < (thread + 1) * perThread; i++)
                addresses[i] = await host.AppendAsync(i, i % 300);
        })));
        await host.CommitAsync();

        var scan = host.Scan();
        Assert.Empty(scan.Damage);
        Assert.Equal(addresses.Order(), scan.Records.Select(record => record.Address));
        Assert.All(scan.Records, record => Assert.Equal(addresses[record.Number], record.Address));
    }

    [Theory]
    [InlineData(100_000, 1 << 20, 1 << 20, "PageBytes is 100000")]
    [InlineData(1 << 20, 2 << 20, 1 << 20, "BufferBytes is 2097152")]
    [InlineData(1 << 20, 4 << 20, 1 << 19, "SegmentBytes is 524288")]
    public void Open_fails_with_Invalid_naming_the_setting(int page, int buffer, int segment, string text)
    {
        var opened = LogHost.TryOpen(temp.Sub("a"), new() { PageBytes = page, BufferBytes = buffer, SegmentBytes = segment });

        Assert.Equal(CacheErrorCode.Invalid, opened.Error?.Code);
        Assert.Contains(text, opened.Error!.Message, StringComparison.Ordinal);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory) => Memory = memory;

        public Piece Then(ReadOnlyMemory<byte> memory)
        {
            var next = new Piece(memory) { RunningIndex = RunningIndex + Memory.Length };
            Next = next;
            return next;
        }
    }
}
