using System.Net;

namespace Hal.Cache.Silo.Settings;

/// <summary>Makes options of what was given: command line over environment over file over defaults.</summary>
internal sealed class SettingsReader
{
    public const string VariablePrefix = "HAL_";
    public const string ConfigName = "config";

    private const string GivenOnce = "must be given once";

    private readonly List<SettingsSource> sources = [];
    private readonly Func<string, string?> environment;
    private IReadOnlyList<SettingsSource> instances = [];

    private SettingsReader(Func<string, string?> environment) => this.environment = environment;

    /// <summary>Options that hold every rule, or the first rule that is broken.</summary>
    /// <param name="given">The command line's values by setting name.</param>
    /// <param name="environment">Looks a variable up.</param>
    /// <param name="error">What is wrong, when null is returned.</param>
    public static SiloOptions? Read(IReadOnlyDictionary<string, IReadOnlyList<string>> given, Func<string, string?> environment, out SettingError? error)
    {
        var reader = new SettingsReader(environment);
        error = reader.AddSources(given);
        if (error is not null) return null;
        var options = reader.ReadOne(out error);
        if (options is null) return null;
        options.IsDefaultTree = reader.instances.Count == 0 && reader.IsSilentOfInstances;
        if (reader.instances.Count > 0) options.Instances = reader.ReadInstances(out error);
        else if (options.IsDefaultTree) options.Instances = reader.ReadDefaultTree(out error);
        else options.Instances = [options];
        error ??= TreeRules.Check(options);
        return error is null ? options : null;
    }

    // What an instance says of itself goes over what is said for all.
    private List<SiloOptions> ReadInstances(out SettingError? error)
    {
        var read = new List<SiloOptions>();
        error = null;
        foreach (var instance in instances)
        {
            var reader = new SettingsReader(environment);
            reader.sources.Add(instance);
            reader.sources.AddRange(sources);
            if (reader.ReadOne(out error) is not { } options) return [];
            read.Add(options);
        }
        return read;
    }

    private bool IsSilentOfInstances => DefaultTree.OfOneInstance.All(name => Find(name) is null);

    private List<SiloOptions> ReadDefaultTree(out SettingError? error)
    {
        var read = new List<SiloOptions>();
        error = null;
        for (var number = 0; number < DefaultTree.Count; number++)
        {
            var place = number;
            if (ReadOne(out error, options => DefaultTree.Place(options, place)) is not { } options) return [];
            read.Add(options);
        }
        DefaultTree.DivideDisk(read);
        return read;
    }

    private SiloOptions? ReadOne(out SettingError? error, Action<SiloOptions>? place = null)
    {
        var options = new SiloOptions();
        error = Apply(options);
        if (error is null) place?.Invoke(options);
        error ??= Complete(options);
        return error is null ? options : null;
    }

    private SettingError? AddSources(IReadOnlyDictionary<string, IReadOnlyList<string>> given)
    {
        sources.Add(SettingsSource.FromCommandLine(given));
        sources.Add(SettingsSource.FromEnvironment(environment));
        if (Find(ConfigName) is not { } config) return null;
        if (config.Values.Count != 1) return new SettingError(config.Label, string.Join(", ", config.Values), GivenOnce);
        var file = SettingsSource.FromFile(config.Values[0], config.Label, out var error);
        if (file is null) return error;
        sources.Add(file);
        instances = file.Instances;
        return error;
    }

    private SettingError? Apply(SiloOptions options)
    {
        foreach (var setting in SiloSettings.All)
        {
            if (Find(setting.Name) is not { } found) continue;
            if (setting.TryApplyAll is { } applyAll)
            {
                if (applyAll(options, found.Values) is { } bad) return new SettingError(found.Label, bad, setting.Rule);
            }
            else if (found.Values.Count != 1)
            {
                return new SettingError(found.Label, string.Join(", ", found.Values), GivenOnce);
            }
            else if (!setting.TryApply(options, found.Values[0]))
            {
                return new SettingError(found.Label, setting.Name is "requirepass" or "postgres" ? "(not shown)" : found.Values[0], setting.Rule);
            }
        }
        return null;
    }

    // Rules between settings, and the defaults that depend on the machine.
    private SettingError? Complete(SiloOptions options)
    {
        foreach (var (name, endpoint) in options.Listens.Select(one => ("listen", one)).Append(("http", options.Http)))
        {
            if (!IPAddress.IsLoopback(endpoint.Address) && options.RequirePass is null)
                return new SettingError(Label(name), endpoint.ToString(), "must be a loopback address as long as requirepass is not set");
        }
        if (options.Http.Port != 0 && options.Listens.Contains(options.Http))
            return new SettingError(Label("http"), options.Http.ToString(), "must differ from listen");

        if (options.ControlPlane is not null && options.Postgres is not null)
            return new SettingError(Label("postgres"), null, "must be absent where control-plane names another process");

        if (options.IsClustered)
        {
            if (options.ControlPlane is not null) return new SettingError(Label("control-plane"), null, "must be absent where cluster is given");
            foreach (var (name, endpoint) in new[] { ("cluster-listen", options.ClusterListen), ("cluster-gateway", options.ClusterGateway) })
            {
                if (endpoint is not null && !IPAddress.IsLoopback(endpoint.Address) && options.ClusterSecret.Length == 0)
                    return new SettingError(Label(name), endpoint.ToString(), "must be a loopback address as long as cluster-secret is not set");
            }
        }

        if (options.MemoryOnly)
        {
            if (Find("durability") is not null && options.Durability != Durability.None)
                return new SettingError(Label("durability"), options.Durability.ToString().ToLowerInvariant(), "must be none where disk is 0");
            options.Durability = Durability.None;
            return null;
        }
        if (options.Data.Length == 0)
        {
            if (DataLocation.Default(options.Name, environment) is not { } path)
                return new SettingError("--data", null, "must be given, because neither XDG_DATA_HOME nor HOME is an absolute path");
            options.Data = path;
        }
        if (options.DiskBytes < 0) options.DiskBytes = DataLocation.DefaultDiskBytes(options.Data);
        return null;
    }

    private string Label(string name) => Find(name)?.Label ?? $"--{name}";

    private SettingsValue? Find(string name)
    {
        foreach (var source in sources)
        {
            if (source.Find(name) is { } value) return value;
        }
        return null;
    }
}
