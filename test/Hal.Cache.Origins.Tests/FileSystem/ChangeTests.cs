using System.Collections.Concurrent;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Origins;
using Hal.Cache.Origins.FileSystem;
using Hal.Cache.Origins.Tests.Support;
using Hal.Cache.Testing.Time;

namespace Hal.Cache.Origins.Tests.FileSystem;

public sealed class ChangeTests : IDisposable
{
    private static readonly TimeSpan StuckAfter = TimeSpan.FromSeconds(30);
    private readonly OriginDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task A_rewrite_in_place_of_the_same_length_between_reads_is_Changed()
    {
        var file = directory.Write("a", new byte[8192]);
        using var origin = directory.Open();
        await using var reader = await OpenAsync(origin);
        var first = await reader.ReadAsync(0, new byte[4096], CancellationToken.None);

        File.WriteAllBytes(file, new byte[8192]);
        var second = await reader.ReadAsync(4096, new byte[4096], CancellationToken.None);

        Assert.Equal(4096, first.Value);
        Assert.Equal(CacheErrorCode.Changed, second.Error?.Code);
    }

    [Fact]
    public async Task A_rewrite_that_restores_the_modification_time_is_Changed()
    {
        var file = directory.Write("a", "12345");
        using var origin = directory.Open();
        await using var reader = await OpenAsync(origin);
        var modified = File.GetLastWriteTimeUtc(file);

        File.WriteAllText(file, "54321");
        File.SetLastWriteTimeUtc(file, modified);

        Assert.Equal(CacheErrorCode.Changed, (await reader.ReadAsync(0, new byte[5], CancellationToken.None)).Error?.Code);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(5_000)]
    [InlineData(0)]
    public async Task A_file_that_grows_or_shrinks_is_Changed(int length)
    {
        var file = directory.Write("a", new byte[4096]);
        using var origin = directory.Open();
        await using var reader = await OpenAsync(origin);

        using (var stream = File.OpenWrite(file))
        {
            stream.SetLength(length);
        }

        Assert.Equal(CacheErrorCode.Changed, (await reader.ReadAsync(0, new byte[4096], CancellationToken.None)).Error?.Code);
    }

    [Fact]
    public async Task A_file_that_is_read_does_not_change_by_it()
    {
        directory.Write("a", new byte[100]);
        using var origin = directory.Open();
        var before = await origin.StatAsync("a"u8.ToArray(), CancellationToken.None);

        await OriginDirectory.ReadAsync(origin, "a");

        Assert.Equal(before.Value, (await origin.StatAsync("a"u8.ToArray(), CancellationToken.None)).Value);
    }

    [Fact]
    public async Task Versions_are_never_mixed_while_a_file_is_rewritten_in_place()
    {
        const int Length = 1 << 20, Readers = 4, PassesEach = 25;
        var file = directory.Write("a", new byte[Length]);
        using var origin = directory.Open();
        using var passes = new SemaphoreSlim(0);
        using var done = new CancellationTokenSource();
        var mixed = new ConcurrentQueue<string>();

        var writer = Task.Run(async () =>
        {
            for (byte version = 1; !done.IsCancellationRequested; version++)
            {
                var content = new byte[Length];
                Array.Fill(content, version);
                await File.WriteAllBytesAsync(file, content);
                Assert.True(await passes.WaitAsync(StuckAfter));
            }
        });
        await Task.WhenAll(Enumerable.Range(0, Readers).Select(number => Task.Run(async () =>
        {
            for (var pass = 0; pass < PassesEach; pass++)
            {
                var versions = await VersionsSeenAsync(origin, piece: 10_000 + (number * 70_000));
                if (versions.Count > 1)
                {
                    mixed.Enqueue($"reader {number}, pass {pass}: versions {string.Join(',', versions)}");
                }

                passes.Release();
            }
        }))).WaitAsync(StuckAfter);
        await done.CancelAsync();
        passes.Release();
        await writer.WaitAsync(StuckAfter);

        Assert.Empty(mixed);
        Assert.Single(await VersionsSeenAsync(origin, 4096));
    }

    [Fact]
    public async Task A_file_that_has_just_changed_is_opened_when_its_next_change_must_show()
    {
        var file = directory.Write("a", "12345");
        var clock = new ManualTimeProvider(File.GetLastWriteTimeUtc(file) + TimeSpan.FromMilliseconds(5));
        using var origin = directory.Open(clock);

        var opening = origin.OpenAsync("a"u8.ToArray(), null, CancellationToken.None).AsTask();
        await clock.WhenArmedAsync(1).WaitAsync(StuckAfter);
        clock.Advance(FileVersion.Granularity - TimeSpan.FromMilliseconds(6));
        var early = opening.IsCompleted;
        clock.Advance(TimeSpan.FromMilliseconds(1));
        var opened = await opening.WaitAsync(StuckAfter);

        Assert.False(early);
        Assert.True(opened.IsOk, opened.ToString());
        await opened.Value.DisposeAsync();
    }

    [Fact]
    public async Task A_file_of_another_age_is_opened_at_once()
    {
        var file = directory.Write("a", "12345");
        foreach (var age in new[] { -FileVersion.Granularity, FileVersion.Granularity, TimeSpan.FromDays(1), TimeSpan.FromDays(-1) })
        {
            var clock = new ManualTimeProvider(File.GetLastWriteTimeUtc(file) + age);
            using var origin = directory.Open(clock);

            Assert.Equal("12345", await OriginDirectory.TextAsync(origin, "a").WaitAsync(StuckAfter));
        }
    }

    [Fact]
    public async Task A_cancelled_wait_for_a_file_to_settle_gives_its_place_back()
    {
        var file = directory.Write("a", "12345");
        var clock = new ManualTimeProvider(File.GetLastWriteTimeUtc(file));
        using var origin = directory.Open(clock, set: options => options.OpenFilesMax = 1);
        using var cancel = new CancellationTokenSource();

        var opening = origin.OpenAsync("a"u8.ToArray(), null, cancel.Token).AsTask();
        await clock.WhenArmedAsync(1).WaitAsync(StuckAfter);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => opening);
        clock.Advance(FileVersion.Granularity);

        Assert.Equal("12345", await OriginDirectory.TextAsync(origin, "a").WaitAsync(StuckAfter));
    }

    private static async Task<IOriginReader> OpenAsync(FileSystemOrigin origin) =>
        (await origin.OpenAsync("a"u8.ToArray(), null, CancellationToken.None)).Value;

    private static async Task<HashSet<byte>> VersionsSeenAsync(FileSystemOrigin origin, int piece)
    {
        var versions = new HashSet<byte>();
        var opened = await origin.OpenAsync("a"u8.ToArray(), null, CancellationToken.None);
        if (!opened.IsOk)
        {
            Assert.Equal(CacheErrorCode.Changed, opened.Error.Code);
            return versions;
        }

        await using var reader = opened.Value;
        var buffer = new byte[piece];
        for (long at = 0; at < reader.Opened.Length; at += piece)
        {
            var read = await reader.ReadAsync(at, buffer, CancellationToken.None);
            if (!read.IsOk)
            {
                Assert.Equal(CacheErrorCode.Changed, read.Error.Code);
                break;
            }

            versions.UnionWith(buffer[..read.Value]);
        }

        return versions;
    }
}
