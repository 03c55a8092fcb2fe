using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using Hal.Cache.Silo.Settings;

namespace Hal.Cache.Silo;

/// <summary>The command line: one option per setting, <c>--config</c>, <c>--help</c>, <c>--version</c>.</summary>
internal static class SiloCommand
{
    private const string Prefix = "hal-cache: ";

    public static async Task<int> RunAsync(string[] args)
    {
        var (root, options) = Build();
        // No response files: a value that begins with @ is a value.
        var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is HelpAction || parsed.Action is not null && parsed.Errors.Count == 0) return await parsed.InvokeAsync();

        var unknown = parsed.UnmatchedTokens.Count > 0 ? new SettingError(parsed.UnmatchedTokens[0], null, "is not an option; --help lists them") : null;
        if (unknown is not null) return Refuse(unknown);
        if (parsed.Errors.Count > 0) return Refuse(Missing(parsed.Errors[0]));

        var given = new Dictionary<string, IReadOnlyList<string>>();
        foreach (var option in options)
        {
            if (parsed.GetResult(option) is { Implicit: false }) given[option.Name[2..]] = parsed.GetValue(option)!;
        }
        var settings = SettingsReader.Read(given, Environment.GetEnvironmentVariable, out var error);
        return settings is null ? Refuse(error!) : await SiloHost.RunAsync(settings);
    }

    /// <summary>Writes the one line of a wrong setting.</summary>
    public static int Refuse(SettingError error)
    {
        Console.Error.WriteLine(Prefix + error);
        return ExitCode.BadSetting;
    }

    /// <summary>Writes the one line of a start or stop that failed.</summary>
    public static int Fail(string why)
    {
        Console.Error.WriteLine(Prefix + string.Concat(why.Select(c => char.IsControl(c) ? ' ' : c)));
        return ExitCode.Failed;
    }

    private static SettingError Missing(ParseError error) =>
        error.SymbolResult is OptionResult { Option: { } option }
            ? new SettingError(option.Name, null, "must be followed by a value; --help lists the options")
            : new SettingError("the command line", null, $"can't be read: {error.Message}");

    private static (RootCommand Root, List<Option<string[]>> Options) Build()
    {
        var root = new RootCommand(
            "HAL Cache: a Redis-compatible, pull-through cache in one process. Every option is also a key of the configuration file ('memory') "
            + "and a variable (HAL_MEMORY); the command line goes over the environment, the environment over the file. Sizes: 512mb, 2gb, 64kb "
            + "(powers of 1024), 64k (1000), plain bytes.");
        root.Directives.Clear();
        var options = new List<Option<string[]>> { Option(SettingsReader.ConfigName, "FILE", "A JSON file of settings; comments and trailing commas may be in it.", "none") };
        options.AddRange(SiloSettings.All.Select(s => Option(s.Name, s.Takes, s.Help, s.Default)));
        foreach (var option in options) root.Options.Add(option);
        return (root, options);
    }

    // Every option takes many values, so that a repeated one is refused by the rule of its setting, in the same words as elsewhere.
    private static Option<string[]> Option(string name, string takes, string help, string preset) =>
        new($"--{name}") { HelpName = takes, Description = $"{help} [default: {preset}]", Arity = ArgumentArity.OneOrMore };
}
