using System.Globalization;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.PubSub;

namespace Hal.Cache.Gateway.Server;

/// <summary>
/// CONFIG's parameters: those with a meaning here are told as they are; those that only Redis's own machinery has keep what a client sets,
/// so that clients, suites and monitors that read them back go on.
/// </summary>
internal sealed class ConfigParameters
{
    private static readonly string[] Numbers =
    [
        "maxmemory-samples", "maxmemory-eviction-tenacity", "timeout", "tcp-keepalive", "hash-max-listpack-entries", "hash-max-listpack-value",
        "hash-max-ziplist-entries", "hash-max-ziplist-value", "list-max-listpack-size", "list-max-ziplist-size", "list-compress-depth",
        "set-max-intset-entries", "set-max-listpack-entries", "set-max-listpack-value", "zset-max-listpack-entries",
        "zset-max-listpack-value", "zset-max-ziplist-entries", "zset-max-ziplist-value", "hll-sparse-max-bytes", "stream-node-max-bytes",
        "stream-node-max-entries", "lfu-log-factor", "lfu-decay-time", "hz", "active-expire-effort", "lua-time-limit",
        "busy-reply-threshold", "latency-monitor-threshold", "repl-timeout", "repl-backlog-size", "repl-diskless-sync-delay",
        "min-replicas-to-write", "min-replicas-max-lag", "replica-priority", "auto-aof-rewrite-percentage", "auto-aof-rewrite-min-size",
        "client-query-buffer-limit", "proto-max-bulk-len", "tracking-table-max-keys", "slowlog-log-slower-than", "slowlog-max-len",
        "acllog-max-len", "maxclients",
    ];

    private static readonly Dictionary<string, string[]> Choices = new()
    {
        ["oom-score-adj"] = ["no", "yes", "relative", "absolute"],
        ["sanitize-dump-payload"] = ["no", "yes", "clients"],
        ["loglevel"] = ["debug", "verbose", "notice", "warning"],
        ["acl-pubsub-default"] = ["allchannels", "resetchannels"],
        ["cluster-preferred-endpoint-type"] = ["ip", "hostname", "unknown-endpoint"],
        ["repl-diskless-load"] = ["disabled", "on-empty-db", "swapdb"],
        ["propagation-error-behavior"] = ["ignore", "panic", "panic-on-replicas"],
    };

    /// <summary>Eviction policies by Redis's names; volatile-ttl has no counterpart.</summary>
    private static readonly string[] Policies =
        ["volatile-lru", "volatile-lfu", "volatile-random", "allkeys-lru", "allkeys-lfu", "allkeys-random", "noeviction", "s3fifo"];

    /// <summary>What is given with a unit, and told in bytes.</summary>
    private static readonly HashSet<string> Sizes =
    [
        "maxmemory", "maxmemory-clients", "proto-max-bulk-len", "client-query-buffer-limit", "repl-backlog-size", "cluster-link-sendbuf-limit",
        "active-defrag-ignore-bytes", "hash-max-listpack-value", "hash-max-ziplist-value", "stream-node-max-bytes", "zset-max-listpack-value",
        "zset-max-ziplist-value", "hll-sparse-max-bytes", "auto-aof-rewrite-min-size", "collection-pull-max",
    ];

    private readonly ServerState server;
    private readonly Lock gate = new();
    private readonly SortedDictionary<string, string> values = new(StringComparer.Ordinal);

    /// <summary>What Redis's suite slows its files down with: told to those who know the name, and without effect.</summary>
    private readonly SortedDictionary<string, string> hidden = new(StringComparer.Ordinal) { ["key-load-delay"] = "0", ["rdb-key-save-delay"] = "0" };
    private readonly HashSet<string> numbers = [.. Numbers];
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
        foreach ((string name, string value) in ConfigDefaults.All)
            values[name] = value;
    }

    /// <summary>Names that differ from what Redis calls them: settings of the process, changed by a restart only.</summary>
    private static bool IsFixed(string name) => name is "databases" or "port" or "bind" or "dir" or "appendonly" or "cluster-enabled"
        or "daemonize" or "supervised" or "unixsocket" or "tcp-backlog" or "io-threads" or "aclfile" or "logfile" or "dbfilename" or "set-proc-title"
        or "disable-thp" or "always-show-logo" or "appendfsync";

    /// <summary>All parameters whose name matches one of the patterns, by name.</summary>
    public List<(string Name, string Value)> Match(IReadOnlyList<byte[]> patterns)
    {
        var found = new List<(string Name, string Value)>();
        lock (gate)
        {
            foreach (byte[] pattern in patterns)
            {
                string name = System.Text.Encoding.Latin1.GetString(pattern).ToLowerInvariant();
                if (hidden.TryGetValue(name, out string? value)) found.Add((name, value));
            }

            foreach (string name in values.Keys.Concat(told.Keys).Order(StringComparer.Ordinal).Distinct())
            {
                byte[] bytes = System.Text.Encoding.ASCII.GetBytes(name);
                if (patterns.Any(pattern => Resp.GlobPattern.IsMatch(pattern, bytes, ignoreCase: true)))
                    found.Add((name, told.TryGetValue(name, out Func<string>? value) ? value() : values[name]));
            }
        }

        return found;
    }

    /// <summary>A parameter that clients may set, as it is now.</summary>
    public string Value(string name)
    {
        lock (gate)
            return values[name];
    }

    /// <summary>
    /// Sets parameters, all or none: where one can't be, those before it are as they were. The reason in Redis's words, else null.
    /// </summary>
    public string? TrySet(IReadOnlyList<(string Name, string Value)> parameters)
    {
        foreach ((string name, string value) in parameters)
        {
            if (Current(name) is not { } current) return $"ERR Unknown option or number of arguments for CONFIG SET - '{name}'";

            // A suite that sets what is so already goes on; anything else is the operator's, by a setting and a restart.
            // "no" to a log asks for less than there is.
            if (IsFixed(name) && !(name == "appendonly" && value == "no") && !string.Equals(current, value, StringComparison.OrdinalIgnoreCase)) return Refused(name, "can't set immutable config");
        }

        var before = new Stack<(string Name, string Value)>();
        foreach ((string name, string value) in parameters)
        {
            if (IsFixed(name)) continue;
            string old = Current(name)!;
            if (TrySet(name, value) is { } refused)
            {
                foreach ((string changed, string was) in before) _ = TrySet(changed, was);
                return refused;
            }

            before.Push((name, old));
        }

        return null;
    }

    private string? Current(string name)
    {
        if (told.TryGetValue(name, out Func<string>? current)) return current();
        lock (gate)
            return values.GetValueOrDefault(name) ?? hidden.GetValueOrDefault(name);
    }

    private string? TrySet(string name, string value)
    {
        bool isTold = told.ContainsKey(name);
        if (Sizes.Contains(name))
        {
            if (PercentProblem(name, value) is { } problem) return Refused(name, problem);
            if (!value.EndsWith('%'))
            {
                if (!MemoryValue.TryParse(value, out long size)) return Refused(name, "argument must be a memory value");
                value = size.ToString(CultureInfo.InvariantCulture);
            }
        }

        bool isSwitch = !isTold && !Choices.ContainsKey(name) && Current(name) is "yes" or "no";
        if (isSwitch && !IsYesOrNo(value))
            return Refused(name, "argument must be 'yes' or 'no'");
        if (Choices.TryGetValue(name, out string[]? choices) && !choices.Contains(value, StringComparer.OrdinalIgnoreCase))
            return Refused(name, $"argument(s) must be one of the following: {string.Join(", ", choices)}");
        if (numbers.Contains(name) && !long.TryParse(value.TrimEnd('k', 'm', 'g', 'b', 'K', 'M', 'G', 'B'), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
            return Refused(name, "argument couldn't be parsed into an integer");
        switch (name)
        {
            case "requirepass":
                server.Options.RequirePass = value.Length > 0 ? value : null;
                server.Acl.SetDefaultPassword(server.Options.RequirePass);
                return null;
            case "notify-keyspace-events":
                if (!EventNames.TryParse(value, out EventClasses classes))
                    return Refused(name, "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
                server.Notifications.Classes = classes;
                server.KeyEvents.Refresh();
                return null;
            case "maxclients":
                int most = int.Parse(value, CultureInfo.InvariantCulture);
                if (most < 1)
                    return Refused(name, "argument must be between 1 and 4294967295 inclusive");
                if (most > server.Options.ClientsBound)
                    return Refused(name, $"The operating system is not able to handle the specified number of clients, try with {server.Options.ClientsBound}");
                server.Clients.Max = most;
                return null;
            case "client-output-buffer-limit":
                return server.OutputLimits.TrySet(value) ? null : Refused(name, "Error in client-output-buffer-limit configuration");
            case "collection-pull-max":
                server.Keyspace.CollectionPullMaxBytes = long.Parse(value, CultureInfo.InvariantCulture);
                return null;
            case "maxmemory":
                server.Memory.Set(long.Parse(value, CultureInfo.InvariantCulture));
                return null;
            case "maxmemory-policy":
                return SetPolicy(value.ToLowerInvariant());
            default:
                if (hidden.ContainsKey(name))
                {
                    if (!long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)) return Refused(name, "argument couldn't be parsed into an integer");
                    lock (gate)
                        hidden[name] = value;
                    return null;
                }

                lock (gate)
                    values[name] = isSwitch ? value.ToLowerInvariant() : value;
                if (server.Collections.TrySet(name, value, out string alias))
                {
                    lock (gate)
                        values[alias] = value;
                }

                Apply(name, value);
                return null;
        }
    }

    private static bool IsYesOrNo(string value) =>
        value.Equals("yes", StringComparison.OrdinalIgnoreCase) || value.Equals("no", StringComparison.OrdinalIgnoreCase);

    /// <summary>Tells the part of the server that the setting is about.</summary>
    private void Apply(string name, string value)
    {
        if (name.StartsWith("slowlog-", StringComparison.Ordinal)) server.SlowLog.Configure();
        else if (name == "tracking-table-max-keys") server.Tracking.KeysMax = Number(value);
        else if (name == "latency-monitor-threshold") server.Latency.Threshold = TimeSpan.FromMilliseconds(Number(value));
        else if (name == "acllog-max-len") server.AclLog.SetMax((int)Number(value));
        else if (name is "lua-time-limit" or "busy-reply-threshold") SetBusyAfter(value);
        else if (name is "min-replicas-to-write" or "min-slaves-to-write") server.WritesNeedReplicas = Number(value) > 0;
        else if (name == "timeout") server.Idle.Timeout = TimeSpan.FromSeconds(Number(value));
    }

    // Two names of one parameter.
    private void SetBusyAfter(string value)
    {
        if (server.Forwarder is { } forwarder) forwarder.Scripts.BusyAfter = TimeSpan.FromMilliseconds(Number(value));
        server.Scripts.BusyAfter = TimeSpan.FromMilliseconds(Number(value));
        lock (gate)
            values["lua-time-limit"] = values["busy-reply-threshold"] = value;
    }

    private static long Number(string value) => Math.Clamp(long.Parse(value, CultureInfo.InvariantCulture), 0, int.MaxValue);

    private static string PolicyOf(string name) => name switch
    {
        "lru" => "allkeys-lru",
        "lfu" => "allkeys-lfu",
        "random" => "allkeys-random",
        _ => name,
    };

    private static string Refused(string name, string why) => $"ERR CONFIG SET failed (possibly related to argument '{name}') - {why}";

    private static string? PercentProblem(string name, string value)
    {
        if (name != "maxmemory-clients" || !value.EndsWith('%')) return null;
        if (!int.TryParse(value.AsSpan(0, value.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int percent)) return "argument must be a memory or percent value";
        return percent > 100 ? "percentage argument must be less or equal to 100" : null;
    }

    private string? SetPolicy(string name)
    {
        int dash = name.IndexOf('-', StringComparison.Ordinal);
        string own = Array.IndexOf(Policies, name) < 0 ? "" : name[(dash + 1)..];
        if (!server.Keyspace.Store.TrySetPolicy(own, expiringOnly: name.StartsWith("volatile-", StringComparison.Ordinal)))
            return Refused("maxmemory-policy", $"argument(s) must be one of the following: {string.Join(", ", Policies)}");
        policy = name;
        return null;
    }
}
