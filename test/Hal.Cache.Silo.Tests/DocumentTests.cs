using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Hal.Cache.Silo.Settings;
using Hal.Cache.Testing.Processes;

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
    public void The_command_lines_of_the_containers_hold_every_rule_and_name_each_other()
    {
        var silos = ReadSilos();
        var dockerfile = Read("src/Hal.Cache.Silo/Dockerfile");

        Assert.Equal(["root", "branch", "leaf"], silos.Select(s => s.Service));
        foreach (var (service, options, published) in silos)
        {
            Assert.Equal(service, options.Name);
            Assert.True(options.IsClustered);
            Assert.Equal($"/data/{service}", options.Data);
            // Peers are reached by the names of their services, at the ports that these listen on.
            Assert.Equal(
                silos.Where(s => s.Service != service).Select(s => (s.Service, s.Service, s.Options.Listen.Port)),
                options.Peers.Select(p => (p.Name, p.Host, p.Port)));
            Assert.Contains(options.Listen.Port, published);
            Assert.Empty(published.Except([options.Listen.Port, options.Http.Port]));
            foreach (var port in new[] { options.Listen.Port, options.Http.Port, options.ClusterListen.Port })
                Assert.Matches($@"(?m)^EXPOSE\b.*\b{port}\b", dockerfile);
        }
    }

    [Fact]
    public void The_containers_are_probed_where_they_answer_and_run_without_rights()
    {
        var compose = Read("docker-compose.yml");
        var http = ReadSilos()[0].Options.Http.Port;

        Assert.Contains($"/dev/tcp/127.0.0.1/{http} ", compose, StringComparison.Ordinal);
        Assert.Contains($"targets: [\"root:{http}\", \"branch:{http}\", \"leaf:{http}\"]", Read("samples/Telemetry/prometheus.yml"), StringComparison.Ordinal);
        Assert.Contains("read_only: true", compose, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^USER \$APP_UID$", Read("src/Hal.Cache.Silo/Dockerfile"));
    }

    // Every service of the compose file with a command line, as the silo reads it; the volume and the secret are not on this machine.
    private static List<(string Service, SiloOptions Options, int[] Published)> ReadSilos()
    {
        using var home = new TempDirectory("compose");
        var secret = home.Combine("secret");
        File.WriteAllText(secret, "at least sixteen bytes");
        var silos = new List<(string, SiloOptions, int[])>();
        foreach (Match service in ServicePattern().Matches(Read("docker-compose.yml")))
        {
            var words = WordPattern().Matches(service.Groups[2].Value).Select(m => m.Groups[1].Value).ToArray();
            var given = words.Chunk(2).Where(pair => pair[0] != "--data").GroupBy(pair => pair[0][2..], pair => pair[1])
                .ToDictionary(g => g.Key, IReadOnlyList<string> (g) => [.. g]);
            var options = SettingsReader.Read(
                given,
                name => name switch
                {
                    "HAL_REQUIREPASS" => "s",
                    "HAL_CLUSTER" => "orleans",
                    "HAL_POSTGRES" => "Host=postgres;Username=hal;Password=p;Database=hal",
                    "HAL_CLUSTER_SECRET" => secret,
                    "HOME" => "/tmp",
                    _ => null,
                },
                out var error);
            Assert.Null(error);
            options!.Data = words[Array.IndexOf(words, "--data") + 1];
            silos.Add((service.Groups[1].Value, options, [.. PortPattern().Matches(service.Groups[3].Value).Select(m => int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture))]));
        }
        return silos;
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

    // A service's name, its command line, and its published ports.
    [GeneratedRegex("^  ([a-z]+):\n(?:    .*\n)*?    command: (.*)\n    ports:\n((?:      .*\n)+)", RegexOptions.Multiline)]
    private static partial Regex ServicePattern();

    [GeneratedRegex(":([0-9]+)\"")]
    private static partial Regex PortPattern();
}
