using System.Text;
using System.Text.RegularExpressions;
using Hal.Cache.Testing.Processes;
using Xunit.Abstractions;

namespace Hal.Cache.Dashboard.Tests;

/// <summary>What the page's files are, and what its scripts make of what the API answers.</summary>
public sealed partial class PageTests(ITestOutputHelper output)
{
    private static readonly TimeSpan ScriptPatience = TimeSpan.FromMinutes(2);

    private static readonly Dictionary<string, string> Files =
        DashboardFiles.Read().ToDictionary(f => f.Key, f => Encoding.UTF8.GetString(f.Value.Bytes), StringComparer.Ordinal);

    public static TheoryData<string> Scripts => [.. Directory.GetFiles(Folder, "*.test.mjs").Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];

    private static string Folder => Path.Combine(RepositoryPaths.Root, "test", "Hal.Cache.Dashboard.Tests", "Page");

    [Theory]
    [MemberData(nameof(Scripts))]
    public void The_pages_logic_does_what_its_tests_say(string script)
    {
        if (Executables.Find("node") is not { } program)
        {
            output.WriteLine($"Left out: {script}: node is not installed.");
            return;
        }

        using var node = new ChildProcess(program, [Path.Combine(Folder, script)]);

        Assert.True(node.WaitExit(ScriptPatience) == 0, node.Output);
    }

    // Whatever comes from the API becomes text: with none of these in the files, no key can become markup or a script.
    [Theory]
    [InlineData("innerHTML")]
    [InlineData("outerHTML")]
    [InlineData("insertAdjacentHTML")]
    [InlineData("document.write")]
    [InlineData("createContextualFragment")]
    [InlineData("DOMParser")]
    [InlineData("eval(")]
    [InlineData("new Function")]
    [InlineData("javascript:")]
    [InlineData("localStorage")]
    public void No_file_makes_markup_or_scripts_of_text(string forbidden) =>
        Assert.Empty(Files.Where(f => f.Value.Contains(forbidden, StringComparison.OrdinalIgnoreCase)).Select(f => f.Key));

    [Fact]
    public void No_file_names_another_host() =>
        Assert.Empty(Files.SelectMany(f => Addresses().Matches(f.Value)).Select(m => m.Value).Except(["http://www.w3.org/2000/svg"]));

    [Fact]
    public void The_page_has_neither_scripts_nor_styles_within()
    {
        var page = Files["index.html"];

        Assert.DoesNotMatch(@"<script(?![^>]*\bsrc=)[^>]*>", page);
        Assert.DoesNotMatch(@"<style|\sstyle=|\son[a-z]+=", page);
    }

    [Fact]
    public void Files_that_files_name_are_there()
    {
        var named = Files.SelectMany(f => Names().Matches(f.Value)).Select(m => m.Groups[1].Value).ToHashSet(StringComparer.Ordinal);

        Assert.Equal(Files.Keys.Order(StringComparer.Ordinal), named.Append("index.html").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Places_that_scripts_name_are_in_the_page()
    {
        var named = Places().Matches(Files["main.mjs"]).Select(m => m.Groups[1].Value).Distinct(StringComparer.Ordinal).ToArray();

        Assert.NotEmpty(named);
        Assert.All(named, id => Assert.Contains($" id=\"{id}\"", Files["index.html"], StringComparison.Ordinal));
    }

    [GeneratedRegex(@"\bhttps?://[^\s""'`<>)]+|[""'(]//[^\s""'`<>)]+")]
    private static partial Regex Addresses();

    [GeneratedRegex(@"(?:src=""|href=""|from '\./)([^""']+)[""']")]
    private static partial Regex Names();

    [GeneratedRegex(@"\bplace\('([^']+)'\)")]
    private static partial Regex Places();
}
