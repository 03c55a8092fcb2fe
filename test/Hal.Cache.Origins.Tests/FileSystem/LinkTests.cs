using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Origins.FileSystem;
using Hal.Cache.Origins.Tests.Support;

namespace Hal.Cache.Origins.Tests.FileSystem;

public sealed class LinkTests : IDisposable
{
    private readonly OriginDirectory directory = new();

    /// <summary>Link, what it points at, and the path to read; {root}, {outside} are the absolute directories.</summary>
    public static TheoryData<string, string, string> LinksOut { get; } = new()
    {
        { "link", "{outside}/secret", "link" },
        { "link", "../root-outside/secret", "link" },
        { "link", "{outside}", "link/secret" },
        { "link", "../root-outside", "link/secret" },
        { "link", "..", "link/root-outside/secret" },
        { "link", "{root}-outside/secret", "link" },
        { "link", "dir/../../root-outside/secret", "link" },
        { "link", "/", "link{outside}/secret" },
        { "link", "/etc/passwd", "link" },
        { "link", "/proc/self/environ", "link" },
        { "link", "/proc/self/root{outside}/secret", "link" },
        { "link", "{outside}", "link" },
        { "dir/link", "../../root-outside/secret", "dir/link" },
    };

    public static TheoryData<string, string, string> LinksInside { get; } = new()
    {
        { "link", "dir/file", "link" },
        { "link", "./dir/../dir/file", "link" },
        { "link", "{root}/dir/file", "link" },
        { "link", "dir", "link/file" },
        { "link", "{root}/dir", "link/file" },
        { "link", "{root}", "link/dir/file" },
        { "dir/link", "../dir/file", "dir/link" },
        { "link", "../root/dir/file", "link" }, // out and back: what counts is where the file is
    };

    public void Dispose() => directory.Dispose();

    [Theory]
    [MemberData(nameof(LinksOut))]
    public async Task A_link_that_leaves_the_directory_is_Refused(string link, string target, string path)
    {
        foreach (var opener in Openers.Names)
        {
            using var origin = Arrange(Openers.Make(opener), link, target);
            var bytes = Encoding.UTF8.GetBytes(Fill(path));

            var stat = await origin.StatAsync(bytes, CancellationToken.None);
            var open = await origin.OpenAsync(bytes, null, CancellationToken.None);
            var expected = await origin.OpenAsync(bytes, new(6, 1), CancellationToken.None);

            Assert.All([stat.Error, open.Error, expected.Error], error => Assert.Equal(CacheErrorCode.Refused, error?.Code));
            var told = open.Error!.Message.Replace(Fill(path), "", StringComparison.Ordinal);
            Assert.DoesNotContain(directory.Outside, told, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(LinksInside))]
    public async Task A_link_that_stays_in_the_directory_is_followed(string link, string target, string path)
    {
        foreach (var opener in Openers.Names)
        {
            using var origin = Arrange(Openers.Make(opener), link, target);

            Assert.Equal("inside", await OriginDirectory.TextAsync(origin, path));
            Assert.Equal(6, (await origin.StatAsync(Encoding.UTF8.GetBytes(path), CancellationToken.None)).Value.Length);
        }
    }

    [Theory]
    [MemberData(nameof(Openers.All), MemberType = typeof(Openers))]
    public async Task A_dangling_link_is_NotFound_and_a_loop_Refused(string opener)
    {
        File.CreateSymbolicLink(directory.In("dangling"), "nowhere");
        File.CreateSymbolicLink(directory.In("loop"), "loop");
        using var origin = directory.Open(opener: Openers.Make(opener));

        Assert.Equal(nameof(CacheErrorCode.NotFound), await OriginDirectory.TextAsync(origin, "dangling"));
        Assert.Equal(nameof(CacheErrorCode.Refused), await OriginDirectory.TextAsync(origin, "loop"));
    }

    [Fact]
    public async Task A_hostile_link_is_followed_by_an_opener_that_does_not_check()
    {
        using var origin = Arrange(new FollowingOpener(), "link", "{outside}/secret");

        Assert.Equal("outside", await OriginDirectory.TextAsync(origin, "link"));
    }

    private FileSystemOrigin Arrange(IBeneathOpener opener, string link, string target)
    {
        directory.WriteOutside("secret", "outside");
        directory.Write("dir/file", "inside");
        File.Delete(directory.In(link));
        File.CreateSymbolicLink(directory.In(link), Fill(target));
        return directory.Open(opener: opener);
    }

    private string Fill(string text) => text
        .Replace("{root}", directory.Root, StringComparison.Ordinal)
        .Replace("{outside}", directory.Outside, StringComparison.Ordinal);
}
