using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Hal.Cache.Silo.Settings;

namespace Hal.Cache.Silo.Tests;

public sealed partial class DocumentTests
{
    private static readonly string[] NotSettings = ["--config", "--help", "--version"];

    [Fact]
    public void The_readme_has_every_setting_as_the_program_has_it() =>
        Assert.All(SiloSettings.All, s => Assert.Contains(
            $"| `{s.Option} {s.Takes}` | `{s.Name}` | `{s.Variable}` | {s.Default} | {s.Help} |\n", Read("README.md"), StringComparison.Ordinal));

    [Fact]
    public void The_readme_has_no_other_setting()
    {
        var rows = Read("README.md").Split('\n').Count(line => line.StartsWith("| `--", StringComparison.Ordinal) && line.Contains("`HAL_", StringComparison.Ordinal));

        Assert.Equal(SiloSettings.All.Length, rows);
    }

    [Theory]
    [InlineData("docker-compose.yml")]
    [InlineData("src/Hal.Cache.Silo/Dockerfile")]
    public void Options_and_variables_of_the_containers_exist(string file)
    {
        // A Dockerfile's own instructions have options as well.
        var text = string.Join('\n', Read(file).Split('\n').Where(l => !l.StartsWith("COPY ", StringComparison.Ordinal)));
        var options = OptionPattern().Matches(text).Select(m => m.Value);
        var variables = VariablePattern().Matches(text).Select(m => m.Value);

        Assert.Empty(options.Except(SiloSettings.All.Select(s => s.Option)).Except(NotSettings));
        Assert.Empty(variables.Except(SiloSettings.All.Select(s => s.Variable)));
    }

    [Fact]
    public void The_command_line_of_the_container_holds_every_rule()
    {
        var words = WordPattern().Matches(Read("docker-compose.yml").Split('\n').Single(l => l.Contains("command:", StringComparison.Ordinal)))
            .Select(m => m.Groups[1].Value).ToArray();
        // The volume is not on this machine, so its path is the one value that can't be tried.
        var given = words.Chunk(2).Where(pair => pair[0] != "--data").ToDictionary(pair => pair[0][2..], pair => (IReadOnlyList<string>)[pair[1]]);

        var options = SettingsReader.Read(given, name => name switch { "HAL_REQUIREPASS" => "s", "HOME" => "/tmp", _ => null }, out var error);

        Assert.Null(error);
        Assert.Equal("0.0.0.0:6379", options!.Listen.ToString());
    }

    private static string Read(string path, [CallerFilePath] string here = "")
    {
        var directory = Path.GetDirectoryName(File.Exists(here) ? here : AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory, "Hal.Cache.sln"))) directory = Path.GetDirectoryName(directory);
        return File.ReadAllText(Path.Combine(directory!, path));
    }

    [GeneratedRegex("(?<![\\w-])--[a-z][a-z-]*")]
    private static partial Regex OptionPattern();

    [GeneratedRegex("HAL_[A-Z_]+")]
    private static partial Regex VariablePattern();

    [GeneratedRegex("\"([^\"]*)\"")]
    private static partial Regex WordPattern();
}
