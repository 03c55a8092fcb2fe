using Hal.Cache.Contracts;
using Hal.Cache.Storage.Log;

namespace Hal.Cache.Storage.Tests.Log;

public sealed class TruncationTests : IDisposable
{
    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    [Fact]
    public async Task Truncation_gives_up_whole_segments_only()
    {
        await using var host = LogHost.Open(temp.Sub("a"));
        await FillAsync(host, 0, 100);
        var disk = host.Log.DiskBytes;

        Assert.Null(await host.Log.TruncateAsync(2 * host.Log.SegmentBytes + 5000).WaitAsync(LogHost.Patience));

        Assert.Equal(2 * host.Log.SegmentBytes, host.Log.BeginAddress);
        Assert.Equal(disk - 2 * host.Log.SegmentBytes, host.Log.DiskBytes);
        var scan = host.Scan();
        Assert.True(scan.Records[0].Address == host.Log.BeginAddress && scan.Damage.Count == 0);
        var gone = await host.Log.ReadAsync(64, host.Log.RecordBytes(8, 5000), default);
        Assert.Equal(CacheErrorCode.NotFound, gone.Error?.Code);
    }

    [Fact]
    public async Task Truncation_alone_gets_its_commit()
    {
        await using var host = LogHost.Open(temp.Sub("a"), LogHost.Options(LogDurability.None));
        await FillAsync(host, 0, 100);

        _ = host.Log.TruncateAsync(host.Log.SegmentBytes);

        await LogHost.UntilAsync(() => host.Log.BeginAddress == host.Log.SegmentBytes);
    }

    // The commit under way was begun before: it ends, and the files are still there.
    [Fact]
    public async Task Truncation_during_a_commit_completes_with_the_next()
    {
        await using var host = LogHost.Open(temp.Sub("a"));
        await FillAsync(host, 0, 100);
        using var entered = new SemaphoreSlim(0);
        using var leave = new SemaphoreSlim(0);
        var segmentAtSync = new List<long>();
        host.Files.OnSync = () =>
        {
            segmentAtSync.Add(host.Files.Segments[0]);
            entered.Release();
            Assert.True(leave.Wait(LogHost.Patience));
        };
        await host.AppendAsync(100, 5000);
        var commit = host.CommitAsync();
        Assert.True(await entered.WaitAsync(LogHost.Patience));
        await host.AppendAsync(101, 5000);

        var truncated = host.Log.TruncateAsync(host.Log.SegmentBytes);
        leave.Release();
        await commit;
        Assert.True(await entered.WaitAsync(LogHost.Patience));
        Assert.False(truncated.IsCompleted);
        host.Files.OnSync = null;
        leave.Release();

        Assert.Null(await truncated.WaitAsync(LogHost.Patience));
        Assert.Equal(host.Log.SegmentBytes, host.Log.BeginAddress);
        Assert.Equal([0L, 0L], segmentAtSync);
    }

    // Trap 1: what a crash leaves just before a file goes must have all that was copied ahead of it.
    [Fact]
    public async Task Crash_between_truncation_and_commit_loses_nothing()
    {
        await using var host = LogHost.Open(temp.Sub("a"));
        var copies = new List<string>();
        using var copied = new SemaphoreSlim(0);
        host.Files.OnDelete = segment =>
        {
            copies.Add(temp.CopyOf(host.Data.Path, $"crash{segment}"));
            copied.Release();
        };
        await FillAsync(host, 0, 100);
        await host.CommitAsync();
        var before = temp.CopyOf(host.Data.Path, "before");

        // Copy the oldest segment's records to the tail and give it up at once, without a commit of one's own.
        var live = host.Scan(to: host.Log.SegmentBytes).Records;
        foreach (var record in live)
            await host.AppendAsync(record.Number, record.ValueLength);
        host.Files.OnSync = () => copies.Add(temp.CopyOf(host.Data.Path, $"sync{copies.Count}"));
        _ = host.Log.TruncateAsync(host.Log.SegmentBytes);
        Assert.True(await copied.WaitAsync(LogHost.Patience));
        await LogHost.UntilAsync(() => host.Files.Segments[0] == 1);
        host.Files.OnSync = null;
        var after = temp.CopyOf(host.Data.Path, "after");

        Assert.True(copies.Count >= 2, "a copy before the sync and one before the file went");
        foreach (var path in copies.Concat([before, after]))
        {
            await using var crashed = LogHost.Open(path);
            Assert.Equal(Enumerable.Range(0, 100).Select(i => (long)i), crashed.Scan().Numbers.Distinct().Order());
        }
    }

    [Fact]
    public async Task Interrupted_truncation_is_finished_at_the_next_start()
    {
        var host = LogHost.Open(temp.Sub("a"));
        string? copy = null;
        host.Files.OnDelete = _ => copy ??= temp.CopyOf(host.Data.Path, "crash");
        await FillAsync(host, 0, 200);
        _ = host.Log.TruncateAsync(3 * host.Log.SegmentBytes);
        await host.DisposeAsync();
        Assert.Contains("00000000.log", Directory.EnumerateFiles(Path.Combine(copy!, "log")).Select(Path.GetFileName));

        await using var crashed = LogHost.Open(copy!);

        Assert.Equal(3 * crashed.Log.SegmentBytes, crashed.Log.BeginAddress);
        Assert.Equal(3, crashed.Files.Segments[0]);
        Assert.Empty(crashed.Scan().Damage);
    }

    [Fact]
    public async Task Truncation_up_to_the_tail_leaves_an_empty_log_that_goes_on()
    {
        await using (var host = LogHost.Open(temp.Sub("a")))
        {
            await FillAsync(host, 0, 100);
            _ = host.Log.TruncateAsync(host.Log.TailAddress);
        }

        await using var again = LogHost.Open(temp.Sub("a"));
        Assert.True(again.Log.BeginAddress > 0 && again.Log.BeginAddress % again.Log.SegmentBytes == 0);
        var address = await again.AppendAsync(500, 100);
        await again.CommitAsync();
        await again.AssertReadsAsync(address, 500, 100);
    }

    // Trap 4: a read that truncation overtakes says so.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Reads_racing_with_truncation_get_the_record_or_NotFound(bool nothingCached)
    {
        await using var host = LogHost.Open(temp.Sub("a"));
        host.Files.NothingCached = nothingCached;
        var addresses = await FillAsync(host, 0, 300);
        var lengths = host.Log.RecordBytes(8, 5000);
        var found = 0;
        var gone = 0;
        using var stop = new CancellationTokenSource();
        using var reading = new SemaphoreSlim(0);
        var readers = Enumerable.Range(0, 3).Select(reader => Task.Run(async () =>
        {
            var random = new Random(reader);
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                var number = random.Next(addresses.Count);
                var read = await host.Log.ReadAsync(addresses[number], lengths, default);
                if (i == 100)
                    reading.Release();
                if (!read.IsOk)
                {
                    Assert.Equal(CacheErrorCode.NotFound, read.Error.Code);
                    Interlocked.Increment(ref gone);
                    continue;
                }

                using var lease = read.Value;
                Assert.True(lease.Value.Span.SequenceEqual(LogHost.Content(number, 5000).Value), $"reader {reader}, record {number}");
                Interlocked.Increment(ref found);
            }
        })).ToList();
        for (var i = 0; i < readers.Count; i++)
            Assert.True(await reading.WaitAsync(LogHost.Patience));

        var last = host.Log.TailAddress / host.Log.SegmentBytes;
        for (var segment = 1; segment <= last; segment++)
        {
            _ = host.Log.TruncateAsync(segment * (long)host.Log.SegmentBytes);
            await LogHost.UntilAsync(() => host.Log.BeginAddress == segment * (long)host.Log.SegmentBytes);
        }

        await LogHost.UntilAsync(() => Volatile.Read(ref gone) > 100);
        await stop.CancelAsync();
        await Task.WhenAll(readers).WaitAsync(LogHost.Patience);
        Assert.True(found > 0 && gone > 0);
    }

    internal static async Task<List<long>> FillAsync(LogHost host, int from, int to)
    {
        var addresses = new List<long>();
        for (var i = from; i < to; i++)
            addresses.Add(await host.AppendAsync(i, 5000));
        await host.CommitAsync();
        return addresses;
    }
}
