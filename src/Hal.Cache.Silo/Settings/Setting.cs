namespace Hal.Cache.Silo.Settings;

/// <summary>One setting as data: its names, what it takes, and how a value is read; an option, a key of the file and a variable at once.</summary>
/// <param name="Name">The name in lower case, such as <c>memory</c>: <c>--memory</c>, <c>"memory"</c>, <c>HAL_MEMORY</c>.</param>
/// <param name="Takes">The value's placeholder in help, such as SIZE.</param>
/// <param name="Default">The default as help and the README show it.</param>
/// <param name="Help">One line, with units.</param>
/// <param name="Rule">What a value must be; completes the sentence "NAME is 'VALUE'; it ...".</param>
/// <param name="TryApply">Takes the value, or answers false when it breaks the rule.</param>
internal sealed record Setting(string Name, string Takes, string Default, string Help, string Rule, Func<SiloOptions, string, bool> TryApply)
{
    /// <summary>Given once with several values, or several times with one.</summary>
    public Func<SiloOptions, IReadOnlyList<string>, string?>? TryApplyAll { get; init; }

    public string Option => $"--{Name}";

    public string Variable => $"{SettingsReader.VariablePrefix}{Name.ToUpperInvariant().Replace('-', '_')}";
}
