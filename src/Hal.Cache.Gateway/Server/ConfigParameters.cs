using System.Globalization;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.PubSub;
using Hal.Cache.Gateway.Strings;

namespace Hal.Cache.Gateway.Server;

/// <summary>
/// CONFIG's parameters: those with a meaning here are told as they are; those that only Redis's own machinery has keep what a client sets,
/// so that clients, suites and monitors that read them back go on.
/// </summary>
internal sealed class ConfigParameters
{
    /// <summary>Parameters of Redis that the process is started with here: a client may set them to what they are.</summary>
    private static readonly HashSet<string> Started = ["port", "bind", "appendonly", "appendfsync", "tls-port", "tls-cluster", "tls-replication"];

    /// <summary>What Redis's suite slows its files down with: told to those who know the name, and without effect.</summary>
    private static readonly HashSet<string> Hidden = ["key-load-delay", "rdb-key-save-delay"];

    private readonly ServerState server;
    private readonly Lock setting = new(), gate = new();
    private readonly Dictionary<string, string> values = [];
    private readonly Dictionary<string, Func<string>> told;
    private string? policy;

    public ConfigParameters(ServerState server)
    {
        this.server = server;
        IStoreStatistics store = server.Keyspace.Store.Statistics;
        told = new Dictionary<string, Func<string>>
        {
            ["maxmemory"] = () => server.Memory.Bytes.ToString(CultureInfo.InvariantCulture),
            ["maxmemory-policy"] = () => policy ?? PolicyOf(store.PolicyName),
            ["databases"] = () => IBlobStore.Databases.ToString(CultureInfo.InvariantCulture),
            ["appendonly"] = () => server.Options.Durability == "none" ? "no" : "yes",
            ["appendfsync"] = () => server.Options.Durability switch { "commit" => "always", "interval" => "everysec", _ => "no" },
            ["port"] = () => server.Options.Port.ToString(CultureInfo.InvariantCulture),
            ["bind"] = () => server.Options.Bind,
            ["dir"] = () => server.Options.Directory,
            ["maxclients"] = () => server.Clients.Max.ToString(CultureInfo.InvariantCulture),
            ["notify-keyspace-events"] = () => EventNames.Format(server.Notifications.Classes),
            ["cluster-enabled"] = () => server.Cluster.Mode == ClusterViewMode.On ? "yes" : "no",
            ["client-output-buffer-limit"] = () => server.OutputLimits.Text,
            ["collection-pull-max"] = () => server.Keyspace.CollectionPullMaxBytes.ToString(CultureInfo.InvariantCulture),
            ["aclfile"] = () => server.Options.AclFile ?? "",
            ["requirepass"] = () => server.Options.RequirePass ?? "",
        };
        foreach (ConfigParameter parameter in ConfigTable.All.Values)
            values[parameter.Name] = parameter.Default;
    }

    /// <summary>All parameters whose name matches one of the patterns, by name.</summary>
    public List<(string Name, string Value)> Match(IReadOnlyList<byte[]> patterns)
    {
        var found = new List<(string Name, string Value)>();
        foreach (byte[] pattern in patterns)
        {
            string name = System.Text.Encoding.Latin1.GetString(pattern).ToLowerInvariant();
            if (Hidden.Contains(name)) found.Add((name, Value(name)));
        }

        foreach ((string name, ConfigParameter parameter) in ConfigTable.All.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            byte[] bytes = System.Text.Encoding.ASCII.GetBytes(name);
            if (!Hidden.Contains(name) && patterns.Any(pattern => Resp.GlobPattern.IsMatch(pattern, bytes, ignoreCase: true)))
                found.Add((name, Value(parameter.Name)));
        }

        return found;
    }

    /// <summary>A parameter as it is now, by the name that is not an alias.</summary>
    public string Value(string name)
    {
        if (told.TryGetValue(name, out Func<string>? value)) return value();
        lock (gate)
            return values[name];
    }

    /// <summary>Sets parameters, all or none: where one can't be, all are as they were. The reason in Redis's words, else null.</summary>
    public string? TrySet(IReadOnlyList<(string Name, string Value)> parameters)
    {
        lock (setting)
        {
            if (ProblemOfNames(parameters) is { } unsettable) return unsettable;
            var taken = new List<(ConfigParameter Parameter, string Value)>();
            foreach ((string given, string text) in parameters)
            {
                string name = given.ToLowerInvariant();
                ConfigParameter parameter = ConfigTable.All[name];
                if ((parameter.TryRead(text, out string value) ?? ProblemHere(parameter.Name, value)) is { } problem) return Refused(name, problem);
                taken.Add((parameter, value));
            }

            // The store is asked first, since it alone may still refuse.
            foreach ((ConfigParameter parameter, string value) in taken)
            {
                if (parameter.Name == "maxmemory-policy" && SetPolicy(value) is { } refused) return refused;
            }

            foreach ((ConfigParameter parameter, string value) in taken) Set(parameter.Name, value);
            return null;
        }
    }

    // All names are looked at before the first value, as in Redis.
    private string? ProblemOfNames(IReadOnlyList<(string Name, string Value)> parameters)
    {
        var names = new HashSet<string>();
        foreach ((string given, string value) in parameters)
        {
            string name = given.ToLowerInvariant();
            if (!ConfigTable.All.TryGetValue(name, out ConfigParameter? parameter)) return $"ERR Unknown option or number of arguments for CONFIG SET - '{given}'";
            if (parameter.IsFixed) return Refused(name, "can't set immutable config");

            // A suite that sets what is so already goes on, as with a Redis that lets it set these.
            if (parameter.IsProtected && value != Value(parameter.Name)) return Refused(name, "can't set protected config");
            if (!names.Add(name)) return Refused(name, "duplicate parameter");
        }

        return null;
    }

    /// <summary>Why a value that Redis would take is not taken here, else null.</summary>
    private string? ProblemHere(string name, string value)
    {
        // "no" to a log asks for less than there is.
        if (Started.Contains(name) && value != Value(name) && (name, value) != ("appendonly", "no")) return "can't set immutable config";
        return name == "maxclients" && Number(value) > server.Options.ClientsBound
            ? $"The operating system is not able to handle the specified number of clients, try with {server.Options.ClientsBound}"
            : null;
    }

    /// <summary>Keeps a value that has been read, and tells the part of the server that it is about.</summary>
    private void Set(string name, string value)
    {
        lock (gate)
            values[name] = value;
        server.Collections.Set(name, value);
        switch (name)
        {
            case "requirepass":
                server.Options.RequirePass = value.Length > 0 ? value : null;
                server.Acl.SetDefaultPassword(server.Options.RequirePass);
                break;
            case "notify-keyspace-events":
                _ = EventNames.TryParse(value, out EventClasses classes);
                server.Notifications.Classes = classes;
                server.KeyEvents.Refresh();
                break;
            case "maxclients":
                server.Clients.Max = (int)NumberOfInt(value);
                break;
            case "client-output-buffer-limit":
                _ = server.OutputLimits.TrySet(value);
                break;
            case "collection-pull-max":
                server.Keyspace.CollectionPullMaxBytes = Number(value);
                break;
            case "maxmemory":
                server.Memory.Set(Number(value));
                break;
            case "proto-max-bulk-len":
                server.BulkBytesMax = Math.Min(Number(value), StringLimits.StringBytesMax);
                break;
            case "client-query-buffer-limit":
                server.RequestBytesMax = (int)Math.Min(Number(value), GatewayLimits.RequestBytesMax);
                break;
            case "maxmemory-clients":
                server.Eviction.Set(value);
                break;
            case "slowlog-log-slower-than" or "slowlog-max-len":
                server.SlowLog.Configure();
                break;
            case "tracking-table-max-keys":
                server.Tracking.KeysMax = Number(value);
                break;
            case "latency-monitor-threshold":
                server.Latency.Threshold = TimeSpan.FromMilliseconds(NumberOfInt(value));
                break;
            case "acllog-max-len":
                server.AclLog.SetMax((int)NumberOfInt(value));
                break;
            case "busy-reply-threshold":
                if (server.Forwarder is { } forwarder) forwarder.Scripts.BusyAfter = TimeSpan.FromMilliseconds(NumberOfInt(value));
                server.Scripts.BusyAfter = TimeSpan.FromMilliseconds(NumberOfInt(value));
                break;
            case "min-replicas-to-write":
                server.WritesNeedReplicas = Number(value) > 0;
                break;
            case "timeout":
                server.Idle.Timeout = TimeSpan.FromSeconds(NumberOfInt(value));
                break;
            default:
                break;
        }
    }

    private static long Number(string value) => long.Parse(value, CultureInfo.InvariantCulture);

    // As far as it means something: a longer time or list is never reached.
    private static long NumberOfInt(string value) => Math.Min(Number(value), int.MaxValue);

    private static string PolicyOf(string name) => name switch
    {
        "lru" => "allkeys-lru",
        "lfu" => "allkeys-lfu",
        "random" => "allkeys-random",
        _ => name,
    };

    private static string Refused(string name, string why) => $"ERR CONFIG SET failed (possibly related to argument '{name}') - {why}";

    /// <summary>Sets an eviction policy by Redis's name for it.</summary>
    private string? SetPolicy(string name)
    {
        string own = name[(name.IndexOf('-', StringComparison.Ordinal) + 1)..];
        if (!server.Keyspace.Store.TrySetPolicy(own, expiringOnly: name.StartsWith("volatile-", StringComparison.Ordinal)))
            return Refused("maxmemory-policy", $"the store has no policy {own}");
        policy = name;
        return null;
    }
}
