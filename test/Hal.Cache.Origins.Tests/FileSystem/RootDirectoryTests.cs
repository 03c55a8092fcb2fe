using Hal.Cache.Contracts;
using Hal.Cache.Origins.FileSystem;
using Hal.Cache.Origins.Tests.Support;
using Hal.Cache.Testing.Time;

namespace Hal.Cache.Origins.Tests.FileSystem;

public sealed class RootDirectoryTests : IDisposable
{
    private readonly OriginDirectory directory = new();
    private readonly ManualTimeProvider clock = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task A_deleted_directory_is_Unavailable_and_its_files_are_not_NotFound()
    {
        directory.Write("a", "inside");
        using var origin = directory.Open(clock);
        Directory.Delete(directory.Root, recursive: true);

        Assert.Equal(nameof(CacheErrorCode.Unavailable), await OriginDirectory.TextAsync(origin, "a"));
    }

    [Fact]
    public async Task A_directory_that_was_moved_away_is_Unavailable_after_the_check_period()
    {
        directory.Write("a", "inside");
        using var origin = directory.Open(clock);
        Directory.Move(directory.Root, directory.Root + "-away");
        clock.Advance(RootDirectory.CheckPeriod);

        Assert.Equal(nameof(CacheErrorCode.Unavailable), await OriginDirectory.TextAsync(origin, "a"));
    }

    [Fact]
    public async Task A_directory_that_comes_back_is_used_at_once()
    {
        directory.Write("a", "inside");
        using var origin = directory.Open(clock);
        Directory.Delete(directory.Root, recursive: true);
        await OriginDirectory.TextAsync(origin, "a");

        directory.Write("a", "again");

        Assert.Equal("again", await OriginDirectory.TextAsync(origin, "a"));
    }

    [Fact]
    public async Task A_new_file_in_a_replaced_directory_is_found_at_once()
    {
        directory.Write("a", "inside");
        using var origin = directory.Open(clock);
        Directory.Move(directory.Root, directory.Root + "-away");
        directory.Write("b", "new");

        Assert.Equal("new", await OriginDirectory.TextAsync(origin, "b"));
        Assert.Equal(nameof(CacheErrorCode.NotFound), await OriginDirectory.TextAsync(origin, "a"));
    }

    [Fact]
    public async Task A_root_that_is_a_link_follows_it_to_its_new_target_after_the_check_period()
    {
        directory.Write("v1/a", "one");
        directory.Write("v2/a", "two");
        var link = Path.Combine(directory.Base, "current");
        Directory.CreateSymbolicLink(link, directory.In("v1"));
        using var origin = directory.Open(clock, set: options => options.Directory = link);
        var before = await OriginDirectory.TextAsync(origin, "a");

        File.Delete(link);
        Directory.CreateSymbolicLink(link, directory.In("v2"));
        clock.Advance(RootDirectory.CheckPeriod);

        Assert.Equal("one", before);
        Assert.Equal("two", await OriginDirectory.TextAsync(origin, "a"));
    }

    [Theory]
    [MemberData(nameof(Openers.All), MemberType = typeof(Openers))]
    public async Task The_root_may_be_the_root_of_the_file_system(string opener)
    {
        directory.Write("a", "inside");
        using var origin = directory.Open(clock, Openers.Make(opener), options => options.Directory = "/");

        Assert.Equal("inside", await OriginDirectory.TextAsync(origin, directory.In("a")[1..]));
    }
}
