using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Origins;
using Hal.Cache.Origins.FileSystem;
using Hal.Cache.Origins.Tests.Support;
using Hal.Cache.Testing.Time;
using Microsoft.Win32.SafeHandles;

namespace Hal.Cache.Origins.Tests.FileSystem;

public sealed class FileSystemOriginTests : IDisposable
{
    private static readonly TimeSpan StuckAfter = TimeSpan.FromSeconds(60);
    private readonly OriginDirectory directory = new();
    private readonly ManualTimeProvider clock = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Ten_thousand_small_files_are_read_byte_for_byte()
    {
        const int Files = 10_000, Seed = 5;
        for (var i = 0; i < Files; i++)
        {
            directory.Write(NameOf(i), ContentOf(i));
        }

        using var origin = directory.Open(clock);
        var equal = 0;

        await Parallel.ForAsync(0, Files, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) =>
        {
            var read = await OriginDirectory.ReadAsync(origin, NameOf(i));
            Assert.True(read.IsOk && read.Value.AsSpan().SequenceEqual(ContentOf(i)), $"seed {Seed}, file {i}: {read}");
            Interlocked.Increment(ref equal);
        });

        Assert.Equal(Files, equal);

        static string NameOf(int i) => $"n{i % 100:d3}/{i}.bin";
        static byte[] ContentOf(int i)
        {
            var random = new Random(Seed + i);
            var content = new byte[random.Next(8192)];
            random.NextBytes(content);
            return content;
        }
    }

    [Fact]
    public async Task An_open_beyond_the_limit_is_Busy_when_no_file_is_closed_in_time()
    {
        directory.Write("a", "inside");
        using var origin = directory.Open(clock, set: options => options.OpenFilesMax = 2);
        await using var first = await OpenAsync(origin);
        await using var second = await OpenAsync(origin);

        var third = origin.OpenAsync("a"u8.ToArray(), null, CancellationToken.None).AsTask();
        await clock.WhenArmedAsync(1).WaitAsync(StuckAfter);
        clock.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(CacheErrorCode.Busy, (await third.WaitAsync(StuckAfter)).Error?.Code);
    }

    [Fact]
    public async Task An_open_beyond_the_limit_goes_on_when_a_file_is_closed()
    {
        directory.Write("a", "inside");
        using var origin = directory.Open(clock, set: options => options.OpenFilesMax = 1);
        var first = await OpenAsync(origin);

        var second = origin.OpenAsync("a"u8.ToArray(), null, CancellationToken.None).AsTask();
        await clock.WhenArmedAsync(1).WaitAsync(StuckAfter);
        await first.DisposeAsync();
        await first.DisposeAsync(); // gives its place back once only

        await using var reader = (await second.WaitAsync(StuckAfter)).Value;
        var third = origin.OpenAsync("a"u8.ToArray(), null, CancellationToken.None).AsTask();
        await clock.WhenArmedAsync(1).WaitAsync(StuckAfter);
        clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(CacheErrorCode.Busy, (await third.WaitAsync(StuckAfter)).Error?.Code);
    }

    [Fact]
    public async Task Failed_opens_give_their_place_back()
    {
        directory.Write("a", "inside");
        using var origin = directory.Open(clock, set: options => options.OpenFilesMax = 1);

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(nameof(CacheErrorCode.NotFound), await OriginDirectory.TextAsync(origin, "absent").WaitAsync(StuckAfter));
            var opening = origin.OpenAsync("a"u8.ToArray(), new OriginObject(6, 1), CancellationToken.None).AsTask();
            var other = await opening.WaitAsync(StuckAfter);
            Assert.Equal(CacheErrorCode.Changed, other.Error?.Code);
        }

        Assert.Equal("inside", await OriginDirectory.TextAsync(origin, "a").WaitAsync(StuckAfter));
    }

    [Fact]
    public async Task Nothing_stays_open_after_reads_and_failures()
    {
        const int Rounds = 300;
        directory.Write("a", "inside");
        File.CreateSymbolicLink(directory.In("out"), directory.Outside);
        File.CreateSymbolicLink(directory.In("absolute"), directory.In("a"));
        using var origin = directory.Open(clock);

        for (var i = 0; i < Rounds; i++)
        {
            foreach (var path in new[] { "a", "absent", "out", "absolute", "." })
            {
                await origin.StatAsync(Encoding.UTF8.GetBytes(path), CancellationToken.None);
                await OriginDirectory.ReadAsync(origin, path);
            }
        }

        // Other tests open and close files of this process meanwhile: a link that is gone by now has no target.
        var open = Directory.GetFileSystemEntries("/proc/self/fd").Count(
            link => new FileInfo(link).LinkTarget?.StartsWith(directory.Base, StringComparison.Ordinal) == true);
        Assert.Equal(1, open); // the directory itself
    }

    [Fact]
    public async Task Files_are_opened_on_pool_threads_only()
    {
        directory.Write("a", new byte[1000]);
        var opener = new ThreadWatchingOpener();
        using var origin = directory.Open(clock, opener);

        var thread = new Thread(() =>
        {
            origin.StatAsync("a"u8.ToArray(), CancellationToken.None).AsTask().Wait();
            origin.OpenAsync("a"u8.ToArray(), null, CancellationToken.None).AsTask().Wait();
        });
        thread.Start();
        Assert.True(thread.Join(StuckAfter));
        await Task.Run(() => OriginDirectory.ReadAsync(origin, "a"));

        Assert.Equal(3, opener.Pool);
        Assert.Equal(0, opener.Other);
    }

    [Fact]
    public async Task A_small_file_is_opened_and_read_without_a_hop_on_a_pool_thread()
    {
        directory.Write("a", new byte[4096]);
        using var origin = directory.Open(clock);

        await Task.Run(() =>
        {
            var opening = origin.OpenAsync("a"u8.ToArray(), null, CancellationToken.None);
            Assert.True(opening.IsCompletedSuccessfully);
            var reading = opening.Result.Value.ReadAsync(0, new byte[4096], CancellationToken.None);
            Assert.True(reading.IsCompletedSuccessfully);
            Assert.Equal(4096, reading.Result.Value);
        });
    }

    [Theory]
    [InlineData(0)]
    [InlineData(65_537)]
    public void Create_answers_Invalid_when_the_limit_of_open_files_is_out_of_range(int files)
    {
        var origin = FileSystemOrigin.Create(new() { Directory = directory.Root, OpenFilesMax = files }, clock);

        Assert.Equal(CacheErrorCode.Invalid, origin.Error?.Code);
        Assert.Contains($"OpenFilesMax is {files}", origin.Error?.Message, StringComparison.Ordinal);
    }

    private static async Task<IOriginReader> OpenAsync(FileSystemOrigin origin) =>
        (await origin.OpenAsync("a"u8.ToArray(), null, CancellationToken.None)).Value;

    private sealed class ThreadWatchingOpener : IBeneathOpener
    {
        private readonly KernelOpener inner = new(new CheckingOpener());
        private int pool;
        private int other;

        public int Pool => pool;

        public int Other => other;

        public SafeFileHandle? Open(SafeFileHandle directory, ReadOnlySpan<byte> path, bool readable, out int errno)
        {
            Interlocked.Increment(ref Thread.CurrentThread.IsThreadPoolThread ? ref pool : ref other);
            return inner.Open(directory, path, readable, out errno);
        }
    }
}
