using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Origins;
using Hal.Cache.Origins.Tests.Support;
using Hal.Cache.Testing.Threads;
using Hal.Cache.Testing.Time;
using Xunit.Abstractions;

namespace Hal.Cache.Origins.Tests.FileSystem;

/// <summary>What a thread that must not wait is answered at once, and that all else is answered all the same.</summary>
public sealed class CachedAnswersTests(ITestOutputHelper output) : IDisposable
{
    private const string Content = "what is in memory";
    private readonly OriginDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("file")]
    [InlineData("dir/file")]
    public void What_the_kernel_has_in_memory_is_answered_on_the_calling_thread(string path)
    {
        Write();
        using var origin = directory.Open(new ManualTimeProvider(), set: options => options.IsImmutable = true); // the directory is looked up by time
        if (!origin.AnswersAtOnce)
        {
            output.WriteLine("Not shown here: the kernel, or the file system of temporary files, answers nothing from memory alone.");
            return;
        }

        var (facts, opened, read) = OwnThread.Run(() =>
        {
            var facts = Now(origin.StatAsync(Encoding.UTF8.GetBytes(path), default)).Value;
            var reader = Now(origin.OpenAsync(Encoding.UTF8.GetBytes(path), null, default)).Value;
            var buffer = new byte[Content.Length + 1];
            var count = Now(reader.ReadAsync(0, buffer, default)).Value;
            reader.DisposeAsync().AsTask().Wait();
            return (facts, reader.Opened, Encoding.UTF8.GetString(buffer, 0, count));
        });

        Assert.Equal(Content, read);
        Assert.Equal(facts, opened);
        Assert.Equal(Content.Length, opened.Length);
    }

    [Theory]
    [InlineData("dir", CacheErrorCode.NotFound)]
    [InlineData("nothing", CacheErrorCode.NotFound)]
    [InlineData("file/more", CacheErrorCode.NotFound)]
    [InlineData("fifo", CacheErrorCode.Refused)]
    [InlineData("out", CacheErrorCode.Refused)]
    [InlineData("in", null)] // an absolute link that leads back
    public async Task What_can_not_be_answered_at_once_is_answered_as_on_any_other_thread(string path, CacheErrorCode? code)
    {
        var file = Write();
        directory.WriteOutside("secret", "outside");
        Assert.Equal(0, Libc.MakeFifo(directory.In("fifo"), 0x1B6));
        File.CreateSymbolicLink(directory.In("out"), Path.Combine(directory.Outside, "secret"));
        File.CreateSymbolicLink(directory.In("in"), file);
        using var origin = directory.Open(set: options => options.IsImmutable = true);

        var answered = await OriginDirectory.ReadAsync(new CalledOnOwnThreads(origin), path);

        Assert.Equal(code, answered.IsOk ? null : answered.Error.Code);
        Assert.Equal(code is null ? Content : null, answered.IsOk ? Encoding.UTF8.GetString(answered.Value) : null);
    }

    [Fact]
    public async Task A_change_is_seen_by_a_read_that_is_answered_at_once()
    {
        var file = Write();
        using var origin = directory.Open(set: options => options.IsImmutable = true);
        var opened = await new CalledOnOwnThreads(origin).OpenAsync("file"u8.ToArray(), null, default);
        await using var reader = opened.Value;

        await File.AppendAllTextAsync(file, "more");
        var read = await reader.ReadAsync(0, new byte[4], default);

        Assert.Equal(CacheErrorCode.Changed, read.Error?.Code);
    }

    private static T Now<T>(ValueTask<T> answer)
    {
        Assert.True(answer.IsCompleted, "it waits for another thread");
        return answer.Result;
    }

    private string Write()
    {
        var file = directory.Write("file", Content);
        directory.Write("dir/file", Content);
        foreach (var written in (string[])[file, directory.In("dir/file")])
        {
            File.SetLastWriteTimeUtc(written, DateTime.UtcNow.AddDays(-1)); // or it would have to settle first
        }

        return file;
    }
}
