namespace Hal.Cache.Silo.Settings;

/// <summary>Why the silo does not start: the setting as the user wrote it, its value, and the rule that it breaks.</summary>
internal sealed record SettingError(string Setting, string? Value, string Rule)
{
    /// <summary>One line, whatever the value contains.</summary>
    public override string ToString()
    {
        var line = Value is null ? $"{Setting} {Rule}" : $"{Setting} is '{Value}'; it {Rule}";
        return string.Concat(line.Select(c => char.IsControl(c) ? ' ' : c));
    }
}
