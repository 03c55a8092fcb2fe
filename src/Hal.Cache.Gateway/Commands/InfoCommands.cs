using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Acl;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.PubSub;
using Hal.Cache.Node;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>INFO, with the sections and fields that clients and monitors parse.</summary>
internal static class InfoCommands
{
    private const string KeyspaceName = "Keyspace";
    private const string MemoryName = "Memory";

    private static readonly (string Name, bool IsDefault, Action<StringBuilder, CommandContext> Write)[] Sections =
    [
        ("Server", true, WriteServer), ("Clients", true, WriteClients), (MemoryName, true, InfoMemory.Write), ("Persistence", true, WritePersistence),
        ("Stats", true, WriteStats), ("Replication", true, WriteReplication), ("CPU", true, WriteCpu), ("Modules", true, (_, _) => { }),
        ("Commandstats", false, WriteCommandStats), ("Errorstats", true, WriteErrorStats), ("Latencystats", false, WriteLatencyStats),
        ("Cluster", true, (text, c) => Line(text, $"cluster_enabled:{(IsCluster(c) ? 1 : 0)}")), (KeyspaceName, true, WriteKeyspace), ("Hal", true, WriteHal),
    ];

    public static readonly CommandSpec[] Specs =
    [
        new("info", -1, CommandFlags.Loading | CommandFlags.Stale, KeySpec.None, Info)
        {
            Group = "server", Categories = ["dangerous"], Summary = "Tells all about the server.",
        },
    ];

    private static Outcome Info(CommandContext c)
    {
        var wanted = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        bool byDefault = c.Count == 1, everything = false;
        for (int i = 1; i < c.Count; i++)
        {
            string name = Encoding.Latin1.GetString(c.Arg(i));
            byDefault |= name.Equals("default", StringComparison.OrdinalIgnoreCase);
            everything |= name.Equals("all", StringComparison.OrdinalIgnoreCase) || name.Equals("everything", StringComparison.OrdinalIgnoreCase);
            wanted.Add(name);
        }

        List<string> shown = [.. Sections.Where(one => everything || wanted.Contains(one.Name) || (byDefault && one.IsDefault)).Select(one => one.Name)];
        bool asks = shown.Contains(KeyspaceName) || (shown.Contains(MemoryName) && !c.Server.IsAuthority);
        if (!asks || !InfoOfRoots.IsWanted(c) || c.Server.Forwarder is not { } forwarder || c.Client.Peer is not null)
        {
            c.Reply.VerbatimText(Describe(c, shown, null));
            return Outcome.Done;
        }

        // The data set is the roots', as for DBSIZE; what is here are copies.
        return c.RunAsync(async context => context.Reply.VerbatimText(Describe(context, shown, await InfoOfRoots.AskAsync(context, forwarder))));
    }

    private static string Describe(CommandContext c, List<string> shown, InfoOfRoots? roots)
    {
        var text = new StringBuilder();
        foreach ((string name, _, Action<StringBuilder, CommandContext> write) in Sections)
        {
            if (!shown.Contains(name)) continue;
            if (text.Length > 0) text.Append("\r\n");
            text.Append("# ").Append(name).Append("\r\n");
            int from = text.Length;
            if (name == KeyspaceName && roots is not null) roots.WriteKeyspace(text);
            else write(text, c);
            if (name == MemoryName) roots?.PutScripts(text, from);
        }

        return text.ToString();
    }

    private static bool IsCluster(CommandContext c) => c.Server.Cluster.Mode == ClusterViewMode.On;

    private static void WriteServer(StringBuilder text, CommandContext c)
    {
        long uptime = (long)(c.Server.Time.GetUtcNow() - c.Server.StartedAt).TotalSeconds;
        Line(text, $"redis_version:{c.Server.Options.RedisVersion}");
        Line(text, $"hal_version:{typeof(InfoCommands).Assembly.GetName().Version?.ToString(3)}");
        Line(text, $"redis_git_sha1:00000000");
        Line(text, $"redis_git_dirty:0");
        Line(text, $"redis_build_id:0");
        Line(text, $"redis_mode:{(IsCluster(c) ? "cluster" : "standalone")}");
        Line(text, $"os:{RuntimeInformation.OSDescription}");
        Line(text, $"arch_bits:64");
        Line(text, $"monotonic_clock:POSIX clock_gettime");
        Line(text, $"multiplexing_api:epoll");
        Line(text, $"atomicvar_api:dotnet");
        Line(text, $"gcc_version:0.0.0");
        Line(text, $"process_id:{Environment.ProcessId}");
        Line(text, $"process_supervised:no");
        Line(text, $"run_id:{c.Server.RunId}");
        Line(text, $"tcp_port:{c.Server.Options.Port}");
        Line(text, $"server_time_usec:{(c.Server.Time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond}");
        Line(text, $"uptime_in_seconds:{uptime}");
        Line(text, $"uptime_in_days:{uptime / 86400}");
        Line(text, $"hz:10");
        Line(text, $"configured_hz:10");
        Line(text, $"lru_clock:{c.Now / 1000 & 0xFF_FFFF}");
        Line(text, $"executable:{Environment.ProcessPath}");
        Line(text, $"config_file:");
        Line(text, $"io_threads_active:0");
    }

    private static void WriteClients(StringBuilder text, CommandContext c)
    {
        Line(text, $"connected_clients:{c.Server.Clients.Count}");
        Line(text, $"cluster_connections:0");
        Line(text, $"maxclients:{c.Server.Clients.Max}");
        (long input, long output) = (0, 0);
        foreach (ClientSession client in c.Server.Clients.All)
        {
            ClientMemory memory = ClientMemory.Of(client);
            (input, output) = (Math.Max(input, memory.Query + memory.QueryFree), Math.Max(output, memory.ReplyRoom + memory.OutputRoom));
        }

        Line(text, $"client_recent_max_input_buffer:{input}");
        Line(text, $"client_recent_max_output_buffer:{output}");
        Line(text, $"blocked_clients:{c.Server.Blocked.Waiting + c.Server.Pause.Waiting + (c.Server.Forwarder?.BlockedCount ?? 0)}");
        Line(text, $"tracking_clients:{c.Server.Tracking.ClientCount}");
        Line(text, $"clients_in_timeout_table:0");
        (int keys, int forGone) = c.Server.IsAuthority ? c.Server.Blocked.KeyCounts : c.Server.Forwarder!.BlockedKeyCounts;
        Line(text, $"total_blocking_keys:{keys}");
        Line(text, $"total_blocking_keys_on_nokey:{forGone}");
    }

    private static void WritePersistence(StringBuilder text, CommandContext c)
    {
        IStoreStatistics store = c.Store.Statistics;
        Line(text, $"loading:0");
        Line(text, $"async_loading:0");
        WriteNone(text, "current_cow_peak", "current_cow_size", "current_cow_size_age");
        Line(text, $"current_fork_perc:0.00");
        WriteNone(text, "current_save_keys_processed", "current_save_keys_total");
        Line(text, $"rdb_changes_since_last_save:{store.Unsaved}");
        Line(text, $"rdb_bgsave_in_progress:0");
        Line(text, $"rdb_last_save_time:{store.SavedAt / 1000}");
        Line(text, $"rdb_last_bgsave_status:{(store.Problem is null ? "ok" : "err")}");
        Line(text, $"rdb_last_bgsave_time_sec:0");
        Line(text, $"rdb_current_bgsave_time_sec:-1");
        WriteNone(text, "rdb_saves", "rdb_last_cow_size", "rdb_last_load_keys_expired", "rdb_last_load_keys_loaded");
        Line(text, $"aof_enabled:{(c.Server.Options.Durability == "none" ? 0 : 1)}");
        Line(text, $"aof_rewrite_in_progress:0");
        Line(text, $"aof_rewrite_scheduled:0");
        Line(text, $"aof_last_rewrite_time_sec:-1");
        Line(text, $"aof_current_rewrite_time_sec:-1");
        Line(text, $"aof_last_bgrewrite_status:ok");
        WriteNone(text, "aof_rewrites", "aof_rewrites_consecutive_failures");
        Line(text, $"aof_last_write_status:{(store.Problem is null ? "ok" : "err")}");
        WriteNone(text, "aof_last_cow_size", "module_fork_in_progress", "module_fork_last_cow_size");
    }

    private static void WriteStats(StringBuilder text, CommandContext c)
    {
        IStoreStatistics store = c.Store.Statistics;
        ClientCounters total = c.Server.Counters.Total(c.Server.Clients, c.Server.Table.All.Count);
        (double commands, double bytesIn, double bytesOut) = c.Server.Rates.Now;
        Line(text, $"total_connections_received:{c.Server.Clients.TotalConnections}");
        Line(text, $"total_commands_processed:{total.Commands}");
        Line(text, $"instantaneous_ops_per_sec:{(long)commands}");
        Line(text, $"total_net_input_bytes:{total.BytesIn}");
        Line(text, $"total_net_output_bytes:{total.BytesOut}");
        WriteNone(text, "total_net_repl_input_bytes", "total_net_repl_output_bytes");
        Line(text, $"instantaneous_input_kbps:{bytesIn / 1024:F2}");
        Line(text, $"instantaneous_output_kbps:{bytesOut / 1024:F2}");
        Line(text, $"instantaneous_input_repl_kbps:0.00");
        Line(text, $"instantaneous_output_repl_kbps:0.00");
        Line(text, $"rejected_connections:{c.Server.Clients.Rejected}");
        Line(text, $"sync_full:0");
        Line(text, $"sync_partial_ok:0");
        Line(text, $"sync_partial_err:0");
        Line(text, $"expired_keys:{store.Expired}");
        Line(text, $"expired_subkeys:{c.Server.Fields.Removed}");
        Line(text, $"expired_stale_perc:0.00");
        WriteNone(text, "expired_time_cap_reached_count", "expire_cycle_cpu_milliseconds");
        Line(text, $"evicted_keys:{store.Evicted}");
        Line(text, $"evicted_clients:{c.Server.Eviction.Evicted}");
        Line(text, $"client_output_buffer_limit_disconnections:{c.Server.OutputLimits.Cut}");
        WriteNone(text, "total_eviction_exceeded_time", "current_eviction_exceeded_time");
        Line(text, $"keyspace_hits:{total.Hits}");
        Line(text, $"keyspace_misses:{total.Misses}");
        Line(text, $"pubsub_channels:{c.Server.Channels.CountOf(SubscriptionKind.Channel)}");
        Line(text, $"pubsub_patterns:{c.Server.Channels.PatternCount}");
        Line(text, $"pubsubshard_channels:{c.Server.Channels.CountOf(SubscriptionKind.ShardChannel)}");
        WriteNone(text, "latest_fork_usec", "total_forks", "migrate_cached_sockets", "slave_expires_tracked_keys");
        WriteNone(text, "active_defrag_hits", "active_defrag_misses", "active_defrag_key_hits", "active_defrag_key_misses");
        WriteNone(text, "total_active_defrag_time", "current_active_defrag_time");
        Line(text, $"tracking_total_keys:{c.Server.Tracking.KeyCount}");
        Line(text, $"tracking_total_items:{c.Server.Tracking.ItemCount}");
        Line(text, $"tracking_total_prefixes:{c.Server.Tracking.PrefixCount}");
        Line(text, $"unexpected_error_replies:0");
        Line(text, $"total_error_replies:{c.Server.Errors.Total}");
        Line(text, $"dump_payload_sanitizations:0");
        Line(text, $"total_reads_processed:{total.Commands}");
        Line(text, $"total_writes_processed:{total.Commands}");
        WriteNone(text, "io_threaded_reads_processed", "io_threaded_writes_processed", "reply_buffer_shrinks", "reply_buffer_expands");
        Line(text, $"acl_access_denied_auth:{c.Server.AclLog.Total(AclDenial.Authentication)}");
        Line(text, $"acl_access_denied_cmd:{c.Server.AclLog.Total(AclDenial.Command)}");
        Line(text, $"acl_access_denied_key:{c.Server.AclLog.Total(AclDenial.Key)}");
        Line(text, $"acl_access_denied_channel:{c.Server.AclLog.Total(AclDenial.Channel)}");
    }

    private static void WriteReplication(StringBuilder text, CommandContext c)
    {
        Line(text, $"role:master");
        Line(text, $"connected_slaves:0");
        Line(text, $"master_failover_state:no-failover");
        Line(text, $"master_replid:{c.Server.ReplicationId}");
        Line(text, $"master_replid2:0000000000000000000000000000000000000000");
        Line(text, $"master_repl_offset:0");
        Line(text, $"second_repl_offset:-1");
        WriteNone(text, "repl_backlog_active", "repl_backlog_size", "repl_backlog_first_byte_offset", "repl_backlog_histlen");
    }

    private static void WriteCpu(StringBuilder text, CommandContext c)
    {
        Environment.ProcessCpuUsage cpu = Environment.CpuUsage;
        Line(text, $"used_cpu_sys:{cpu.PrivilegedTime.TotalSeconds:F6}");
        Line(text, $"used_cpu_user:{cpu.UserTime.TotalSeconds:F6}");
        Line(text, $"used_cpu_sys_children:0.000000");
        Line(text, $"used_cpu_user_children:0.000000");

        // Redis's main thread runs the commands; here all threads do.
        Line(text, $"used_cpu_sys_main_thread:{cpu.PrivilegedTime.TotalSeconds:F6}");
        Line(text, $"used_cpu_user_main_thread:{cpu.UserTime.TotalSeconds:F6}");
    }

    private static void WriteCommandStats(StringBuilder text, CommandContext c)
    {
        ClientCounters total = c.Server.Counters.Total(c.Server.Clients, c.Server.Table.All.Count);
        foreach (CommandSpec spec in c.Server.Table.All)
        {
            long calls = total.Calls[spec.Id];
            if (calls + total.Rejections[spec.Id] == 0) continue;
            double each = total.Timed[spec.Id] == 0 ? 0 : total.Ticks[spec.Id] * 1e6 / Stopwatch.Frequency / total.Timed[spec.Id];
            Line(text, $"cmdstat_{spec.FullName}:calls={calls},usec={(long)(each * calls)},usec_per_call={each:F2},rejected_calls={total.Rejections[spec.Id]},failed_calls={total.Failures[spec.Id]}");
        }
    }

    /// <summary>Percentiles of the runs that were timed, one in so many.</summary>
    private static void WriteLatencyStats(StringBuilder text, CommandContext c)
    {
        if (c.Server.Config.Value("latency-tracking") == "no") return;
        ClientCounters total = c.Server.Counters.Total(c.Server.Clients, c.Server.Table.All.Count);
        string[] percentiles = c.Server.Config.Value("latency-tracking-info-percentiles").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        foreach (CommandSpec spec in c.Server.Table.All)
        {
            if (total.Times[spec.Id] is not { } times || times.Percentile(100) == 0) continue;
            IEnumerable<string> told = percentiles.Select(percent => string.Create(
                CultureInfo.InvariantCulture, $"p{percent}={times.Percentile(double.TryParse(percent, CultureInfo.InvariantCulture, out double value) ? value : 100):F3}"));
            Line(text, $"latency_percentiles_usec_{spec.FullName}:{string.Join(',', told)}");
        }
    }

    private static void WriteErrorStats(StringBuilder text, CommandContext c)
    {
        foreach ((string prefix, long count) in c.Server.Errors.Snapshot()) Line(text, $"errorstat_{prefix}:count={count}");
    }

    private static void WriteKeyspace(StringBuilder text, CommandContext c)
    {
        for (int database = 0; database < IBlobStore.Databases; database++)
        {
            if (c.Store.Count(database) is > 0 and var keys) Line(text, $"db{database}:keys={keys},expires={c.Store.CountExpiring(database)},avg_ttl=0");
        }
    }

    private static void WriteHal(StringBuilder text, CommandContext c)
    {
        foreach ((string name, long value) in HalCommands.Counters(c)) Line(text, $"{name}:{value}");
    }

    // Fields of machinery that is not here: monitors read them, and 0 is true.
    internal static void WriteNone(StringBuilder text, params ReadOnlySpan<string> names)
    {
        foreach (string name in names) Line(text, $"{name}:0");
    }

    internal static string Human(long bytes)
    {
        if (bytes < 1024) return string.Create(CultureInfo.InvariantCulture, $"{bytes}B");
        ReadOnlySpan<string> units = ["K", "M", "G", "T"];
        double value = bytes / 1024.0;
        int unit = 0;
        for (; value >= 1024 && unit < units.Length - 1; unit++) value /= 1024;
        return string.Create(CultureInfo.InvariantCulture, $"{value:F2}{units[unit]}");
    }

    internal static void Line(StringBuilder text, FormattableString line) =>
        text.Append(line.ToString(CultureInfo.InvariantCulture)).Append("\r\n");
}
