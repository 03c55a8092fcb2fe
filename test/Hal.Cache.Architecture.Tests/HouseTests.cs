using System.Text.RegularExpressions;

namespace Hal.Cache.Architecture.Tests;

public sealed class HouseTests
{
    public static TheoryData<string> SourceProjects => [.. Repository.Projects("src").Select(Repository.Relative)];

    [Theory]
    [MemberData(nameof(SourceProjects))]
    public void A_source_project_has_a_readme(string project)
    {
        var readme = Path.Combine(Repository.Root, Path.GetDirectoryName(project)!, "README.md");

        Assert.True(File.Exists(readme), $"{Repository.Relative(readme)} is missing");
        Assert.True(new FileInfo(readme).Length > 200, $"{Repository.Relative(readme)} says next to nothing");
    }

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        var solution = File.ReadAllText(Path.Combine(Repository.Root, "Hal.Cache.sln")).Replace('\\', '/');

        Assert.All(
            Repository.Projects("src").Concat(Repository.Projects("test")).Concat(Repository.Projects("samples")),
            project => Assert.Contains($"\"{Repository.Relative(project)}\"", solution, StringComparison.Ordinal));
    }

    // The words are put together here, so that this file does not find itself.
    [Theory]
    [InlineData("Thread." + "Sleep(")]
    [InlineData("Skip" + " = ")]
    [InlineData("Skip" + "=")]
    public void Tests_neither_sleep_nor_are_left_out(string forbidden) =>
        AssertAbsent(Repository.Sources("test"), forbidden);

    [Fact]
    public void Tests_wait_for_a_time_only_by_a_clock_that_they_move()
    {
        var waits = Repository.Sources("test").SelectMany(f => File.ReadLines(f).Select(line => (File: Repository.Relative(f), Line: line.Trim())))
            .Where(l => l.Line.Contains("Task." + "Delay(", StringComparison.Ordinal) && !l.Line.Contains(", clock)", StringComparison.Ordinal));

        Assert.Empty(waits);
    }

    [Theory]
    [InlineData("Thread." + "Sleep(")]
    [InlineData("DateTime." + "Now")]
    [InlineData("DateTime." + "UtcNow")]
    [InlineData("DateTimeOffset." + "UtcNow")]
    [InlineData("async " + "void")]
    [InlineData(".Continue" + "With(")]
    public void Sources_take_time_from_a_provider_and_await(string forbidden) =>
        AssertAbsent(Repository.Sources("src"), forbidden);

    [Theory]
    [InlineData("TO" + "DO")]
    [InlineData("FIX" + "ME")]
    [InlineData("NotImplemented" + "Exception")]
    public void Nothing_is_left_for_later(string forbidden) =>
        AssertAbsent(Repository.Sources("src").Concat(Repository.Sources("test")).Concat(Repository.Sources("samples")), forbidden);

    [Fact]
    public void A_file_has_one_public_type()
    {
        var type = new Regex(@"^public (?:(?:static|sealed|abstract|partial|readonly|ref|unsafe) )*(?:class|struct|record|interface|enum)\b", RegexOptions.Multiline);

        Assert.All(Repository.Sources("src"), file => Assert.True(type.Count(File.ReadAllText(file)) <= 1, $"{Repository.Relative(file)} has more than one public type"));
    }

    private static void AssertAbsent(IEnumerable<string> files, string forbidden) =>
        Assert.Empty(files.Where(f => File.ReadAllText(f).Contains(forbidden, StringComparison.Ordinal)).Select(Repository.Relative));
}
