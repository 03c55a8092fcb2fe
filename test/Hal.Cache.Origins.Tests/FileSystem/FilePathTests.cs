using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Origins.FileSystem;
using Hal.Cache.Origins.Tests.Support;

namespace Hal.Cache.Origins.Tests.FileSystem;

public sealed class FilePathTests : IDisposable
{
    private readonly OriginDirectory directory = new();

    public static TheoryData<string> RefusedPaths { get; } =
    [
        "", "/", "//", "/etc/passwd", "//etc/passwd", "a//b", "a/", "/a", "a/b/",
        ".", "..", "./a", "a/.", "a/./b", "../a", "a/..", "a/../b", "../../../../etc/passwd", "a/b/../../..",
        "\0", "a\0", "a\0b", "../\0", "a/\0/b",
    ];

    public static TheoryData<string> OrdinaryNames { get; } =
    [
        "%2e%2e%2fsecret", "..%2fsecret", "%00", "...", "..a", "a..", ".hidden", "..\\secret", "a\\b", "\\", "~", "-", "*", " ", "a b",
        "．．／secret", "‥", "e\u0301", "é", "\u202Egpj.exe", "🂡", "\n", "con", "C:",
    ];

    public static TheoryData<string> NotUtf8 { get; } = // hexadecimal
    [
        "c0af", "2e2ec0af6574 63", "c0aec0ae2f61", "e080af", "f08080af", "ff", "fe", "c3", "61c3", "80", "eda080", "f4908080", "612fc0ae",
    ];

    public void Dispose() => directory.Dispose();

    [Theory]
    [MemberData(nameof(RefusedPaths))]
    public async Task A_path_that_is_not_plainly_beneath_the_directory_is_Refused(string path) =>
        await AssertRefusedAsync(Encoding.UTF8.GetBytes(path));

    [Theory]
    [MemberData(nameof(NotUtf8))]
    public async Task A_path_that_is_not_UTF8_is_Refused(string hexadecimal) =>
        await AssertRefusedAsync(Convert.FromHexString(hexadecimal.Replace(" ", "", StringComparison.Ordinal)));

    [Theory]
    [MemberData(nameof(OrdinaryNames))]
    public async Task An_odd_name_is_the_name_of_one_file(string name)
    {
        directory.WriteOutside("secret", "outside");
        using var origin = directory.Open();
        Assert.Equal(nameof(CacheErrorCode.NotFound), await OriginDirectory.TextAsync(origin, name));

        directory.Write(name, "inside");

        Assert.Equal("inside", await OriginDirectory.TextAsync(origin, name));
    }

    [Fact]
    public async Task A_segment_may_have_255_bytes_and_no_more()
    {
        var longest = new string('n', FilePath.SegmentBytesMax);
        directory.Write(longest, "inside");
        using var origin = directory.Open();

        Assert.Equal("inside", await OriginDirectory.TextAsync(origin, longest));
        await AssertRefusedAsync(Encoding.UTF8.GetBytes(longest + "n"));
        await AssertRefusedAsync(Encoding.UTF8.GetBytes("a/" + longest + "n/b"));
    }

    [Fact]
    public async Task A_path_may_have_4095_bytes_and_no_more()
    {
        using var origin = directory.Open();
        var longest = string.Concat(Enumerable.Repeat("a/", FilePath.BytesMax / 2)) + "a";

        Assert.Equal(FilePath.BytesMax, longest.Length);
        Assert.Equal(nameof(CacheErrorCode.NotFound), await OriginDirectory.TextAsync(origin, longest));
        await AssertRefusedAsync(Encoding.UTF8.GetBytes(longest + "a"));
        await AssertRefusedAsync(new byte[10 << 20]);
    }

    [Fact]
    public async Task Random_paths_are_read_beneath_the_directory_or_refused()
    {
        const int Seed = 20_261, Paths = 5_000;
        string[] parts = ["..", ".", "/", "a", "\0", "\\", "%2e", "up", "root", "root-outside", "secret", "\u00C0", "//", "../"];
        directory.Write("a/a", "inside");
        directory.WriteOutside("secret", "outside");
        File.CreateSymbolicLink(directory.In("up"), "..");
        using var origin = directory.Open();
        var random = new Random(Seed);

        for (var i = 0; i < Paths; i++)
        {
            var path = string.Concat(Enumerable.Range(0, random.Next(1, 8)).Select(_ => parts[random.Next(parts.Length)]));
            var text = await OriginDirectory.TextAsync(origin, path);

            Assert.True(text is "inside" or nameof(CacheErrorCode.NotFound) or nameof(CacheErrorCode.Refused),
                $"seed {Seed}, path '{path}': {text}");
        }
    }

    [Theory]
    [InlineData("a\r\n+OK\r\nb/..")]
    [InlineData("\u202Ea\u2028b\u0085/..")]
    public async Task A_message_is_one_line_and_does_not_tell_where_the_origin_is(string path)
    {
        using var origin = directory.Open();

        var error = (await origin.StatAsync(Encoding.UTF8.GetBytes(path), CancellationToken.None)).Error!;

        Assert.All(error.Message, character => Assert.InRange(character, ' ', '~'));
        Assert.DoesNotContain(directory.Base, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_shows_the_beginning_of_a_long_path()
    {
        using var origin = directory.Open();

        var error = (await origin.StatAsync(Encoding.UTF8.GetBytes(new string('n', 4000)), CancellationToken.None)).Error!;

        Assert.Contains("nnn…'", error.Message, StringComparison.Ordinal);
        Assert.InRange(error.Message.Length, 200, 300);
    }

    private async Task AssertRefusedAsync(byte[] path)
    {
        using var origin = directory.Open();

        var stat = await origin.StatAsync(path, CancellationToken.None);
        var open = await origin.OpenAsync(path, null, CancellationToken.None);

        Assert.Equal(CacheErrorCode.Refused, stat.Error?.Code);
        Assert.Equal(CacheErrorCode.Refused, open.Error?.Code);
    }
}
