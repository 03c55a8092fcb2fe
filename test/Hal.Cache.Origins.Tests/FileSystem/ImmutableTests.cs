using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Origins;
using Hal.Cache.Origins.Tests.Support;

namespace Hal.Cache.Origins.Tests.FileSystem;

/// <summary>What is no new version of a file that is said never to change, and what is one all the same.</summary>
public sealed class ImmutableTests : IDisposable
{
    private readonly OriginDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("a link made")]
    [InlineData("a link removed")]
    [InlineData("another mode")]
    [InlineData("a copy with its time in its place")]
    [InlineData("removed")]
    public async Task What_leaves_bytes_and_their_time_alone_ends_no_read(string what)
    {
        var file = Write();
        Assert.Equal(0, Libc.Link(file, directory.In("before")));
        using var origin = directory.Open(set: options => options.IsImmutable = true);
        await using var reader = await OpenAsync(origin, null);

        Do(what, file);

        Assert.Equal("5678", await TextAsync(reader, 4));
    }

    [Theory]
    [InlineData("a link made")]
    [InlineData("a link removed")]
    [InlineData("another mode")]
    [InlineData("a copy with its time in its place")]
    public async Task What_leaves_bytes_and_their_time_alone_is_the_version_that_is_expected(string what)
    {
        var file = Write();
        Assert.Equal(0, Libc.Link(file, directory.In("before")));
        using var origin = directory.Open(set: options => options.IsImmutable = true);
        var version = (await origin.StatAsync("a"u8.ToArray(), CancellationToken.None)).Value;

        Do(what, file);

        Assert.Equal(version, (await origin.StatAsync("a"u8.ToArray(), CancellationToken.None)).Value);
        await using var reader = await OpenAsync(origin, version);
        Assert.Equal("12345678", await TextAsync(reader, 0));
    }

    [Theory]
    [InlineData("grown")]
    [InlineData("cut")]
    [InlineData("another time")]
    public async Task What_breaks_the_promise_is_Changed(string what)
    {
        var file = Write();
        using var origin = directory.Open(set: options => options.IsImmutable = true);
        await using var reader = await OpenAsync(origin, null);

        Do(what, file);

        Assert.Equal(nameof(CacheErrorCode.Changed), await TextAsync(reader, 4));
    }

    [Theory]
    [InlineData("immutable", true)]
    [InlineData("validate&seconds=5", false)]
    [InlineData("ttl&seconds=5", false)]
    public async Task Only_an_immutable_mount_takes_a_new_link_for_no_change(string freshness, bool isSame)
    {
        var file = Write();
        var made = OriginTable.Create([$"o/=file://{directory.Root}?freshness={freshness}"]);
        using var table = made.Value;
        Assert.True(table.TryMatch("o/a"u8, out var mount));
        var before = await mount.Origin.StatAsync("a"u8.ToArray(), CancellationToken.None);

        Do("a link made", file);

        Assert.Equal(isSame, before.Value == (await mount.Origin.StatAsync("a"u8.ToArray(), CancellationToken.None)).Value);
    }

    private string Write()
    {
        var file = directory.Write("a", "12345678");
        File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddDays(-1));
        return file;
    }

    private void Do(string what, string file)
    {
        var modified = File.GetLastWriteTimeUtc(file);
        switch (what)
        {
            case "a link made": Assert.Equal(0, Libc.Link(file, directory.In("after"))); break;
            case "a link removed": File.Delete(directory.In("before")); break;
            case "another mode": Assert.Equal(0, Libc.ChangeMode(file, 0x100)); break;
            case "removed": File.Delete(file); break;
            case "grown": File.AppendAllText(file, "9"); break;
            case "cut": File.WriteAllText(file, "1234567"); break;
            case "another time": File.SetLastWriteTimeUtc(file, modified.AddSeconds(-10)); break;
            default:
                var copy = directory.WriteOutside("copy", File.ReadAllText(file));
                File.SetLastWriteTimeUtc(copy, modified);
                File.Move(copy, file, overwrite: true);
                break;
        }
    }

    private static async Task<IOriginReader> OpenAsync(IOrigin origin, OriginObject? expected)
    {
        var opened = await origin.OpenAsync("a"u8.ToArray(), expected, CancellationToken.None);
        Assert.True(opened.IsOk, opened.ToString());
        return opened.Value;
    }

    private static async Task<string> TextAsync(IOriginReader reader, int offset)
    {
        var bytes = new byte[reader.Opened.Length - offset];
        var read = await reader.ReadAsync(offset, bytes, CancellationToken.None);
        return read.IsOk ? Encoding.UTF8.GetString(bytes.AsSpan(0, read.Value)) : read.Error.Code.ToString();
    }
}
