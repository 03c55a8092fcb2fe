using System.Text.Json;

namespace Hal.Cache.Silo.Settings;

/// <summary>A setting's values in one source, and how that source calls it.</summary>
internal sealed record SettingsValue(string Label, IReadOnlyList<string> Values);

/// <summary>One place that settings come from. Lists are not merged between places: the highest place that has one gives all of it.</summary>
internal sealed class SettingsSource
{
    public const long FileBytesMax = 1 << 20;

    /// <summary>The file's key for a list of instances, each with settings of its own.</summary>
    public const string InstancesKey = "instances";

    private readonly Dictionary<string, SettingsValue> values = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>What the file says of each instance, where it lists several.</summary>
    public IReadOnlyList<SettingsSource> Instances { get; private set; } = [];

    public SettingsValue? Find(string name) => values.GetValueOrDefault(name);

    public static SettingsSource FromCommandLine(IReadOnlyDictionary<string, IReadOnlyList<string>> given)
    {
        var source = new SettingsSource();
        foreach (var (name, list) in given) source.values[name] = new SettingsValue($"--{name}", list);
        return source;
    }

    /// <summary><c>HAL_MEMORY</c>, and <c>HAL_ORIGIN</c> or <c>HAL_ORIGIN__0</c>, <c>HAL_ORIGIN__1</c> and so on for a list.</summary>
    public static SettingsSource FromEnvironment(Func<string, string?> environment)
    {
        var source = new SettingsSource();
        foreach (var name in SiloSettings.All.Select(s => s.Name).Append(SettingsReader.ConfigName))
        {
            var variable = SettingsReader.VariablePrefix + name.ToUpperInvariant().Replace('-', '_');
            var list = new List<string>();
            if (environment(variable) is { } single) list.Add(single);
            for (var i = 0; environment($"{variable}__{i}") is { } item; i++) list.Add(item);
            if (list.Count > 0) source.values[name] = new SettingsValue(variable, list);
        }
        return source;
    }

    /// <summary>A JSON object of settings; comments and trailing commas may be there, unknown keys may not.</summary>
    public static SettingsSource? FromFile(string path, string label, out SettingError? error)
    {
        error = null;
        var source = new SettingsSource();
        try
        {
            using var content = ReadFile(path);
            if (content is null)
            {
                error = new SettingError(label, path, $"must be a file of at most {ByteSize.Format(FileBytesMax)}");
                return null;
            }
            var file = new ConfigurationBuilder().AddJsonStream(content).Build();
            foreach (var section in file.GetChildren())
            {
                error = section.Key.Equals(InstancesKey, StringComparison.OrdinalIgnoreCase) ? source.TakeInstances(section, path) : source.Take(section, path);
                if (error is not null) return null;
            }
            return source;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            error = new SettingError(label, path, "must be a file that can be read");
        }
        catch (Exception failure) when (failure is FormatException or JsonException or InvalidDataException)
        {
            error = new SettingError(label, path, $"must be a JSON object of settings: {failure.GetBaseException().Message}");
        }
        return null;
    }

    // Null where it is longer than it may be. What is read counts: a pipe or a device tells no length, or a wrong one.
    private static MemoryStream? ReadFile(string path)
    {
        using var file = File.OpenRead(path);
        var content = new byte[FileBytesMax + 1];
        var read = file.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
        return read > FileBytesMax ? null : new MemoryStream(content, 0, read);
    }

    private SettingError? TakeInstances(IConfigurationSection list, string path)
    {
        var label = $"{InstancesKey} in {path}";
        var items = list.GetChildren().ToArray();
        if (items.Length is 0 or > SiloSettings.InstancesMax || items.Any(i => i.Value is not null || !int.TryParse(i.Key, out _)))
            return new SettingError(label, null, $"must be an array of 1 to {SiloSettings.InstancesMax} objects");
        var instances = new List<SettingsSource>();
        foreach (var item in items)
        {
            var instance = new SettingsSource();
            foreach (var section in item.GetChildren())
            {
                if (instance.Take(section, $"{path}, {InstancesKey}[{item.Key}]") is { } error) return error;
            }
            instances.Add(instance);
        }
        Instances = instances;
        return null;
    }

    private SettingError? Take(IConfigurationSection section, string path)
    {
        var label = $"{section.Key} in {path}";
        var setting = Array.Find(SiloSettings.All, s => s.Name.Equals(section.Key, StringComparison.OrdinalIgnoreCase));
        if (setting is null)
            return new SettingError(label, null, $"is not known; the settings are {string.Join(", ", SiloSettings.All.Select(s => s.Name))}");
        var children = section.GetChildren().ToArray();
        var isList = children.Length > 0;
        if (isList && (setting.TryApplyAll is null || children.Any(c => c.Value is null || !int.TryParse(c.Key, out _))))
            return new SettingError(label, null, setting.TryApplyAll is null ? "must be a single value" : "must be a value or an array of values");
        if (isList) values[setting.Name] = new SettingsValue(label, [.. children.Select(c => c.Value!)]);
        else if (section.Value is { } value) values[setting.Name] = new SettingsValue(label, [value]);
        return null;
    }
}
