using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Origins;
using Hal.Cache.Origins.Tests.Support;

namespace Hal.Cache.Origins.Tests;

public sealed class OriginTableTests : IDisposable
{
    private readonly OriginDirectory directory = new();

    public static TheoryData<string, string> BadSettings { get; } = new()
    {
        { "", "PREFIX=URI" },
        { "a/", "PREFIX=URI" },
        { "=file://{root}", "1 to 256 bytes" },
        { new string('p', 257) + "=file://{root}", "1 to 256 bytes" },
        { "a b/=file://{root}", "ASCII letters" },
        { "a*=file://{root}", "ASCII letters" },
        { "é/=file://{root}", "ASCII letters" },
        { "a\n/=file://{root}", "ASCII letters" },
        { "a/={root}", "a URI such as" },
        { "a/=file:{root}", "a URI such as" },
        { "a/=://x", "a URI such as" },
        { "a/=ftp://host/x", "scheme must be one of: file" },
        { "a/=FILE://{root}", "scheme must be one of: file" },
        { "a/=file://", "absolute path" },
        { "a/=file://data/x", "absolute path" },
        { "a/=file://host{root}", "absolute path" },
        { "a/=file://{root}/absent", "the directory must exist" },
        { "a/=file://{root}/file", "must be a directory" },
        { "a/=file://{root}%00", "absolute path" },
        { "a/=file://{root}#x", "%23" },
        { "a/=file://{root}%2", "hexadecimal" },
        { "a/=file://{root}%zz", "hexadecimal" },
        { "a/=file://{root}%ff", "UTF-8" },
        { "a/=file://{root}?freshness=never", "freshness must be" },
        { "a/=file://{root}?freshness=", "freshness must be" },
        { "a/=file://{root}?freshness=immutable&seconds=1", "no seconds" },
        { "a/=file://{root}?freshness=ttl", "needs seconds" },
        { "a/=file://{root}?freshness=ttl&seconds=0", "at least 1" },
        { "a/=file://{root}?seconds=-1", "whole number from 0 to 31622400" },
        { "a/=file://{root}?seconds=1.5", "whole number" },
        { "a/=file://{root}?seconds=99999999999", "whole number" },
        { "a/=file://{root}?seconds=1&seconds=2", "each name once" },
        { "a/=file://{root}?seconds", "name=value" },
        { "a/=file://{root}?=1", "name=value" },
        { "a/=file://{root}?fresh=ttl", "no parameter 'fresh'" },
        { "a/=file://{root}?spill=maybe", "spill must be yes, no or auto" },
    };

    public static TheoryData<string, FreshnessMode, int> Freshnesses { get; } = new()
    {
        { "", FreshnessMode.Validate, 5 },
        { "?", FreshnessMode.Validate, 5 },
        { "?seconds=0", FreshnessMode.Validate, 0 },
        { "?freshness=validate&seconds=60", FreshnessMode.Validate, 60 },
        { "?seconds=31622400&freshness=ttl", FreshnessMode.Ttl, 31_622_400 },
    };

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("", true, true)]
    [InlineData("", false, true)]
    [InlineData("?spill=auto&freshness=immutable", true, false)]
    [InlineData("?spill=auto", false, true)]
    [InlineData("?spill=yes", true, true)]
    [InlineData("?spill=no", false, false)]
    public void An_origin_says_whether_its_objects_are_written_to_the_stores_disk(string query, bool isSameDisk, bool spills)
    {
        using OriginTable table = OriginTable.Create([$"a/=file://{directory.Root}{query}"]).Value;
        table.StoreIs(isSameDisk ? directory.Root : "/proc");

        Assert.True(table.TryMatch("a/x"u8, out OriginMount? mount));
        Assert.Equal(spills, mount.Spills);
    }

    [Fact]
    public void A_directory_that_is_not_there_is_no_disk_of_anybodys()
    {
        using OriginTable table = OriginTable.Create([$"a/=file://{directory.Root}?spill=auto"]).Value;
        table.StoreIs(Path.Combine(directory.Root, "absent"));

        Assert.True(Assert.Single(table.Mounts).Spills);
    }

    [Fact]
    public async Task A_key_is_read_through_the_table()
    {
        directory.Write("n01440764/x.jpeg", "inside");
        using var table = Create("imagenet/=file://" + directory.Root);
        var key = "imagenet/n01440764/x.jpeg"u8.ToArray();

        Assert.True(table.TryMatch(key, out var mount));

        Assert.Equal("inside", Encoding.UTF8.GetString((await OriginDirectory.ReadAsync(mount.Origin, mount.PathOf(key).ToArray())).Value));
    }

    [Theory]
    [MemberData(nameof(BadSettings))]
    public void A_bad_setting_is_named_in_one_line_with_its_value_and_the_rule(string setting, string rule)
    {
        directory.Write("file", "");
        var value = setting.Replace("{root}", directory.Root, StringComparison.Ordinal);

        var table = OriginTable.Create([value]);

        Assert.Equal(CacheErrorCode.Invalid, table.Error?.Code);
        Assert.StartsWith("Origin is '" + OriginText.Printable(value) + "'; ", table.Error!.Message, StringComparison.Ordinal);
        Assert.EndsWith(".", table.Error.Message, StringComparison.Ordinal);
        Assert.Contains(rule, table.Error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', table.Error.Message);
    }

    [Fact]
    public void A_prefix_may_be_there_once()
    {
        var table = OriginTable.Create([Mount("a/"), Mount("a"), Mount("a/")]);

        Assert.EndsWith("; another origin has the same prefix.", table.Error?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void There_may_be_64_mounts_and_no_more()
    {
        var mounts = Enumerable.Range(0, OriginTable.MountsMax).Select(i => Mount($"p{i}/")).ToList();

        using var full = OriginTable.Create(mounts).Value;

        Assert.Equal(OriginTable.MountsMax, full.Mounts.Count);
        Assert.Contains("at most 64", OriginTable.Create([.. mounts, Mount("q/")]).Error?.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Freshnesses))]
    public void Freshness_is_read_from_the_query(string query, FreshnessMode mode, int seconds)
    {
        using var table = Create(Mount("a/") + query);

        Assert.Equal(new Freshness(mode, TimeSpan.FromSeconds(seconds)), Assert.Single(table.Mounts).Freshness);
    }

    [Fact]
    public void Freshness_may_be_immutable()
    {
        using var table = Create(Mount("a/") + "?freshness=immutable");

        Assert.Equal(Freshness.Immutable, table.Mounts[0].Freshness);
    }

    [Fact]
    public void A_copy_is_covered_until_its_period_is_over()
    {
        var freshness = Freshness.Validate(TimeSpan.FromSeconds(5));

        Assert.True(freshness.Covers(TimeSpan.FromSeconds(4.999)));
        Assert.False(freshness.Covers(TimeSpan.FromSeconds(5)));
        Assert.False(Freshness.Validate(TimeSpan.Zero).Covers(TimeSpan.Zero));
        Assert.True(Freshness.Immutable.Covers(TimeSpan.MaxValue));
    }

    [Fact]
    public async Task A_directory_with_odd_characters_is_named_percent_encoded()
    {
        directory.Write("a ?#%=&é/file", "inside");
        using var table = Create("a/=file://" + directory.Root + "/a%20%3F%23%25=&%C3%A9");

        Assert.Equal("inside", await OriginDirectory.TextAsync(table.Mounts[0].Origin, "file"));
    }

    [Fact]
    public void An_empty_table_matches_nothing()
    {
        Assert.False(OriginTable.Empty.TryMatch("a"u8, out _));
        Assert.False(OriginTable.Empty.TryMatch([], out _));
        Assert.Empty(OriginTable.Empty.Mounts);
    }

    [Fact]
    public void The_longest_prefix_wins_as_a_plain_search_finds_it()
    {
        const int Seed = 77, Keys = 20_000;
        string[] prefixes = ["a", "a/", "ab", "a/b/", "a/b/c", "b/", "{t}:", "z", "zzzz"];
        using var table = Create([.. prefixes.Select(Mount)]);
        var random = new Random(Seed);

        for (var i = 0; i < Keys; i++)
        {
            var key = string.Concat(Enumerable.Range(0, random.Next(8)).Select(_ => "ab/cz{t}:"[random.Next(9)]));
            var expected = prefixes.Where(prefix => key.StartsWith(prefix, StringComparison.Ordinal)).MaxBy(prefix => prefix.Length);

            var matched = table.TryMatch(Encoding.UTF8.GetBytes(key), out var mount);

            Assert.True(matched == expected is not null, $"seed {Seed}, key '{key}'");
            Assert.Equal(expected, mount is null ? null : Encoding.UTF8.GetString(mount.Prefix.Span));
        }
    }

    [Fact]
    public void A_match_allocates_nothing()
    {
        using var table = Create(Mount("a/"), Mount("a/b/"));
        var matched = 0;
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 1000; i++)
        {
            matched += table.TryMatch("a/b/c"u8, out _) ? 1 : 0;
            matched += table.TryMatch("x/b/c"u8, out _) ? 1 : 0;
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(1000, matched);
    }

    [Fact]
    public void The_prefix_itself_has_the_empty_path()
    {
        using var table = Create(Mount("a/"));

        Assert.True(table.TryMatch("a/"u8, out var mount));
        Assert.True(mount.PathOf("a/"u8.ToArray()).IsEmpty);
    }

    private string Mount(string prefix) => $"{prefix}=file://{directory.Root}";

    private static OriginTable Create(params string[] settings)
    {
        var table = OriginTable.Create(settings);
        Assert.True(table.IsOk, table.ToString());
        return table.Value;
    }
}
