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

    private readonly ServerState server;
    private readonly Lock gate = new();
    private readonly SortedDictionary<string, string> values = new(StringComparer.Ordinal);
    private readonly HashSet<string> numbers = [.. Numbers];
    private readonly Dictionary<string, Func<string>> told;

    public ConfigParameters(ServerState server)
    {
        this.server = server;
        IStoreStatistics store = server.Keyspace.Store.Statistics;
        told = new Dictionary<string, Func<string>>
        {
            ["maxmemory"] = () => store.MemoryLimitBytes.ToString(CultureInfo.InvariantCulture),
            ["maxmemory-policy"] = () => PolicyOf(store.PolicyName),
            ["databases"] = () => IBlobStore.Databases.ToString(CultureInfo.InvariantCulture),
            ["appendonly"] = () => server.Options.Durability == "none" ? "no" : "yes",
            ["appendfsync"] = () => server.Options.Durability switch { "commit" => "always", "interval" => "everysec", _ => "no" },
            ["port"] = () => server.Options.Port.ToString(CultureInfo.InvariantCulture),
            ["bind"] = () => server.Options.Bind,
            ["dir"] = () => server.Options.Directory,
            ["maxclients"] = () => server.Clients.Max.ToString(CultureInfo.InvariantCulture),
            ["notify-keyspace-events"] = () => EventNames.Format(server.Notifications.Classes),
            ["requirepass"] = () => server.Options.RequirePass ?? "",
        };
        foreach ((string name, string value) in Defaults)
            values[name] = value;
    }

    private static (string Name, string Value)[] Defaults =>
    [
        ("save", "3600 1 300 100 60 10000"), ("maxmemory-samples", "5"), ("maxmemory-eviction-tenacity", "10"), ("timeout", "0"),
        ("tcp-keepalive", "300"), ("tcp-backlog", "511"), ("hash-max-listpack-entries", "512"), ("hash-max-listpack-value", "64"),
        ("hash-max-ziplist-entries", "512"), ("hash-max-ziplist-value", "64"), ("list-max-listpack-size", "-2"),
        ("list-max-ziplist-size", "-2"), ("list-compress-depth", "0"), ("set-max-intset-entries", "512"), ("set-max-listpack-entries", "128"),
        ("set-max-listpack-value", "64"), ("zset-max-listpack-entries", "128"), ("zset-max-listpack-value", "64"),
        ("zset-max-ziplist-entries", "128"), ("zset-max-ziplist-value", "64"), ("hll-sparse-max-bytes", "3000"),
        ("stream-node-max-bytes", "4096"), ("stream-node-max-entries", "100"), ("lfu-log-factor", "10"), ("lfu-decay-time", "1"),
        ("hz", "10"), ("active-expire-effort", "1"), ("lua-time-limit", "5000"), ("busy-reply-threshold", "5000"),
        ("latency-monitor-threshold", "0"), ("latency-tracking", "yes"), ("latency-tracking-info-percentiles", "50 99 99.9"),
        ("slowlog-log-slower-than", "10000"), ("slowlog-max-len", "128"), ("proto-max-bulk-len", "536870912"),
        ("client-query-buffer-limit", "1073741824"), ("client-output-buffer-limit", "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60"),
        ("no-appendfsync-on-rewrite", "no"), ("auto-aof-rewrite-percentage", "100"), ("auto-aof-rewrite-min-size", "67108864"),
        ("aof-use-rdb-preamble", "yes"), ("rdbcompression", "yes"), ("rdbchecksum", "yes"), ("dbfilename", "dump.rdb"),
        ("stop-writes-on-bgsave-error", "yes"), ("loglevel", "notice"), ("logfile", ""), ("daemonize", "no"), ("supervised", "no"),
        ("protected-mode", "yes"), ("lazyfree-lazy-eviction", "yes"), ("lazyfree-lazy-expire", "yes"), ("lazyfree-lazy-server-del", "yes"),
        ("lazyfree-lazy-user-del", "yes"), ("lazyfree-lazy-user-flush", "yes"), ("activedefrag", "no"), ("activerehashing", "yes"),
        ("dynamic-hz", "yes"), ("io-threads", "1"), ("replica-serve-stale-data", "yes"), ("replica-read-only", "yes"),
        ("repl-diskless-sync", "yes"), ("repl-diskless-sync-delay", "5"), ("repl-timeout", "60"), ("repl-backlog-size", "1048576"),
        ("repl-disable-tcp-nodelay", "no"), ("replica-priority", "100"), ("min-replicas-to-write", "0"), ("min-replicas-max-lag", "10"),
        ("replicaof", ""), ("cluster-enabled", "no"), ("tracking-table-max-keys", "1000000"), ("acllog-max-len", "128"), ("aclfile", ""),
        ("unixsocket", ""), ("close-on-replica-write", "yes"), ("tls-port", "0"), ("oom-score-adj", "no"), ("disable-thp", "yes"),
        ("set-proc-title", "yes"), ("crash-log-enabled", "yes"), ("always-show-logo", "no"), ("locale-collate", ""),
    ];

    /// <summary>Names that differ from what Redis calls them: settings of the process, changed by a restart only.</summary>
    private static bool IsFixed(string name) => name is "databases" or "port" or "bind" or "dir" or "appendonly" or "cluster-enabled"
        or "daemonize" or "supervised" or "unixsocket" or "tcp-backlog" or "io-threads" or "aclfile" or "logfile" or "dbfilename" or "set-proc-title"
        or "disable-thp" or "always-show-logo" or "maxmemory" or "maxmemory-policy" or "appendfsync";

    /// <summary>All parameters whose name matches one of the patterns, by name.</summary>
    public List<(string Name, string Value)> Match(IReadOnlyList<byte[]> patterns)
    {
        var found = new List<(string Name, string Value)>();
        lock (gate)
        {
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

    /// <summary>Sets a parameter; the reason where that can't be, in Redis's words, else null.</summary>
    public string? TrySet(string name, string value)
    {
        bool isTold = told.TryGetValue(name, out Func<string>? current);
        if (!isTold && !values.ContainsKey(name))
            return $"ERR Unknown option or number of arguments for CONFIG SET - '{name}'";
        if (name == "maxmemory" && !char.IsAsciiDigit(value.FirstOrDefault()))
            return $"ERR CONFIG SET failed (possibly related to argument '{name}') - argument must be a memory value";
        if (IsFixed(name))
        {
            // A suite that sets what is so already goes on; anything else is the operator's, by a setting and a restart.
            return string.Equals(isTold ? current!() : values[name], value, StringComparison.OrdinalIgnoreCase)
                ? null
                : $"ERR CONFIG SET failed (possibly related to argument '{name}') - can't set immutable config";
        }

        if (numbers.Contains(name) && !long.TryParse(value.TrimEnd('k', 'm', 'g', 'b', 'K', 'M', 'G', 'B'), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
            return $"ERR CONFIG SET failed (possibly related to argument '{name}') - argument couldn't be parsed into an integer";
        switch (name)
        {
            case "requirepass":
                server.Options.RequirePass = value.Length > 0 ? value : null;
                return null;
            case "notify-keyspace-events":
                if (!EventNames.TryParse(value, out EventClasses classes))
                    return $"ERR CONFIG SET failed (possibly related to argument '{name}') - Invalid event class character. Use 'Ag$lshzxeKEtmdn'.";
                server.Notifications.Classes = classes;
                server.KeyEvents.Refresh();
                return null;
            case "maxclients":
                int most = int.Parse(value, CultureInfo.InvariantCulture);
                if (most < 1)
                    return $"ERR CONFIG SET failed (possibly related to argument '{name}') - argument must be between 1 and 4294967295 inclusive";
                server.Clients.Max = most;
                return null;
            default:
                lock (gate)
                    values[name] = value;
                if (server.Collections.TrySet(name, value, out string alias))
                {
                    lock (gate)
                        values[alias] = value;
                }

                Apply(name, value);
                return null;
        }
    }

    /// <summary>Tells the part of the server that the setting is about.</summary>
    private void Apply(string name, string value)
    {
        if (name.StartsWith("slowlog-", StringComparison.Ordinal)) server.SlowLog.Configure();
        else if (name == "tracking-table-max-keys") server.Tracking.KeysMax = Number(value);
        else if (name == "latency-monitor-threshold") server.Latency.Threshold = TimeSpan.FromMilliseconds(Number(value));
        else if (name == "timeout") server.Idle.Timeout = TimeSpan.FromSeconds(Number(value));
    }

    private static long Number(string value) => Math.Clamp(long.Parse(value, CultureInfo.InvariantCulture), 0, int.MaxValue);

    private static string PolicyOf(string name) => name switch
    {
        "lru" => "allkeys-lru",
        "lfu" => "allkeys-lfu",
        _ => name,
    };
}
