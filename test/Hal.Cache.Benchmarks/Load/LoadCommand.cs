using System.CommandLine;
using System.Text.RegularExpressions;
using Hal.Cache.Benchmarks.Servers;

namespace Hal.Cache.Benchmarks.Load;

/// <summary>The <c>load</c> verb: options from the command line, then <see cref="LoadProgram"/>.</summary>
internal static class LoadCommand
{
    internal const string ResultsFile = "test/Hal.Cache.Benchmarks/RESULTS.md";
    private const int QuickKeys = 20_000;
    private static readonly TimeSpan RegexTimeMax = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        var rounds = Bounded("--rounds", "Measured runs of each cell and server.", LoadOptions.RoundsDefault, 1, 99);
        var connections = Bounded("--connections", "Client connections.", LoadOptions.ConnectionsDefault, 1, 1000);
        var seconds = new Option<double>("--seconds") { Description = "Aim for one run's length.", DefaultValueFactory = _ => LoadOptions.SecondsDefault };
        var keys = Bounded("--keys", "Keys of the memory and restart rows.", LoadOptions.ManyKeysDefault, 1000, 100_000_000);
        var quick = new Option<bool>("--quick") { Description = "A smoke run of a few seconds; its numbers mean nothing." };
        var only = new Option<string?>("--only") { Description = "Only the rows whose name matches this regular expression." };
        var servers = List("--servers", "Servers to compare.", [.. ServerCatalog.Names]);
        var tables = List("--tables", "Tables to measure.", [.. LoadTable.All.Select(table => table.Name)]);
        var output = new Option<string?>("--out") { Description = $"The report's file; a run of all servers and whole tables writes them to {ResultsFile}, any other prints only." };
        only.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } text && Pattern(text) is null)
                result.AddError($"--only is '{text}'; it must be a regular expression.");
        });
        var command = new Command("load", "Drives this silo, Redis and Garnet with the same clients in alternating rounds.")
        {
            rounds, connections, seconds, keys, quick, only, servers, tables, output,
        };
        command.SetAction((parse, cancel) =>
        {
            var small = parse.GetValue(quick);
            var options = new LoadOptions
            {
                Rounds = small ? 1 : parse.GetValue(rounds),
                Connections = parse.GetValue(connections),
                Seconds = small ? 0.1 : parse.GetValue(seconds),
                ManyKeys = small ? QuickKeys : parse.GetValue(keys),
                Quick = small,
                Only = parse.GetValue(only) is { } text ? Pattern(text) : null,
                Servers = [.. ServerCatalog.Names.Where(parse.GetValue(servers)!.Split(',').Contains)],
                Tables = [.. LoadTable.All.Where(table => parse.GetValue(tables)!.Split(',').Contains(table.Name))],
                CommandLine = string.Join(' ', parse.Tokens.Select(token => token.Value)),
            };
            return LoadProgram.RunAsync(options with { Out = WhereTo(options, parse.GetValue(output)) }, Console.Out, Console.Error, cancel);
        });
        return command;
    }

    /// <summary>A part of a table must not replace the whole one unless told where to write.</summary>
    private static string? WhereTo(LoadOptions options, string? given)
    {
        if (given is not null)
            return given;
        var full = !options.Quick && options.Only is null && options.Servers.Count == ServerCatalog.Names.Count;
        return full ? Path.Combine(SiloAssembly.RepositoryRoot(), ResultsFile) : null;
    }

    private static Regex? Pattern(string text)
    {
        try
        {
            return new Regex(text, RegexOptions.IgnoreCase, RegexTimeMax);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static Option<int> Bounded(string name, string description, int value, int least, int most)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => value };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && (!int.TryParse(result.Tokens[0].Value, out var given) || given < least || given > most))
                result.AddError($"{name} is {result.Tokens[0].Value}; it must be from {least} to {most}.");
        });
        return option;
    }

    private static Option<string> List(string name, string description, string[] allowed)
    {
        var option = new Option<string>(name)
        {
            Description = $"{description} Comma-separated, of {string.Join(",", allowed)}.",
            DefaultValueFactory = _ => string.Join(',', allowed),
        };
        option.Validators.Add(result =>
        {
            foreach (var word in result.GetValueOrDefault<string>()!.Split(',').Except(allowed))
                result.AddError($"{name} has '{word}'; it must be of {string.Join(",", allowed)}.");
        });
        return option;
    }
}
