namespace Hal.Cache.Gateway.Server;

/// <summary>The parameters of Redis 7.2, and this cache's own: name, what values it takes, and the default where the parameter only keeps what a client sets.</summary>
/// <remarks>
/// <c>fixed</c> and <c>protected</c> are set by no client; <c>=name</c> is another name of that one; <c>LOW..HIGH</c> is a whole number, after
/// <c>bytes:</c> with a unit, and what follows <c>&gt;</c> is what it is brought within; <c>a|b</c> is one word of these, <c>a+b</c> some.
/// The others are <see cref="ConfigKind"/>'s.
/// </remarks>
internal static class ConfigTable
{
    private const string Table = """
        acl-pubsub-default allchannels|resetchannels resetchannels
        aclfile fixed
        acllog-max-len 0..long 128
        active-defrag-cycle-max 1..99 25
        active-defrag-cycle-min 1..99 1
        active-defrag-ignore-bytes bytes:1..long 104857600
        active-defrag-max-scan-fields 1..long 1000
        active-defrag-threshold-lower 0..1000 10
        active-defrag-threshold-upper 0..1000 100
        active-expire-effort 1..10 1
        activedefrag yes-no no
        activerehashing yes-no yes
        always-show-logo fixed no
        aof-disable-auto-gc yes-no no
        aof-load-truncated yes-no yes
        aof-rewrite-incremental-fsync yes-no yes
        aof-timestamp-enabled yes-no no
        aof-use-rdb-preamble yes-no yes
        aof_rewrite_cpulist fixed
        appenddirname fixed appendonlydir
        appendfilename fixed appendonly.aof
        appendfsync everysec|always|no
        appendonly yes-no
        auto-aof-rewrite-min-size bytes:0..long 67108864
        auto-aof-rewrite-percentage 0..int 100
        bgsave_cpulist fixed
        bind text
        bind-source-addr text
        bio_cpulist fixed
        busy-reply-threshold 0..long 5000
        client-output-buffer-limit buffers normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60
        client-query-buffer-limit bytes:1048576..long 1073741824
        close-on-replica-write yes-no yes
        cluster-allow-pubsubshard-when-down yes-no yes
        cluster-allow-reads-when-down yes-no no
        cluster-allow-replica-migration yes-no yes
        cluster-announce-bus-port 0..65535 0
        cluster-announce-hostname host
        cluster-announce-human-nodename text
        cluster-announce-ip text
        cluster-announce-port 0..65535 0
        cluster-announce-tls-port 0..65535 0
        cluster-config-file fixed nodes.conf
        cluster-enabled fixed
        cluster-link-sendbuf-limit bytes:0..long 0
        cluster-migration-barrier 0..int 1
        cluster-node-timeout 0..long 15000
        cluster-port fixed 0
        cluster-preferred-endpoint-type ip|hostname|unknown-endpoint ip
        cluster-replica-no-failover yes-no no
        cluster-replica-validity-factor 0..int 10
        cluster-require-full-coverage yes-no yes
        cluster-slave-no-failover =cluster-replica-no-failover
        cluster-slave-validity-factor =cluster-replica-validity-factor
        collection-pull-max bytes:0..long
        crash-log-enabled yes-no yes
        crash-memcheck-enabled yes-no yes
        daemonize fixed no
        databases fixed
        dbfilename protected dump.rdb
        dir protected
        disable-thp fixed yes
        dynamic-hz yes-no yes
        enable-debug-assert fixed no
        enable-debug-command fixed no
        enable-module-command fixed no
        enable-protected-configs fixed no
        hash-max-listpack-entries 0..long 512
        hash-max-listpack-value bytes:0..long 64
        hash-max-ziplist-entries =hash-max-listpack-entries
        hash-max-ziplist-value =hash-max-listpack-value
        hll-sparse-max-bytes bytes:0..long 3000
        hz 0..int>1..500 10
        ignore-warnings text
        io-threads fixed 1
        io-threads-do-reads fixed no
        jemalloc-bg-thread yes-no yes
        key-load-delay -2147483648..int 0
        latency-monitor-threshold 0..long 0
        latency-tracking yes-no yes
        latency-tracking-info-percentiles percentiles 50 99 99.9
        lazyfree-lazy-eviction yes-no yes
        lazyfree-lazy-expire yes-no yes
        lazyfree-lazy-server-del yes-no yes
        lazyfree-lazy-user-del yes-no yes
        lazyfree-lazy-user-flush yes-no yes
        lfu-decay-time 0..int 1
        lfu-log-factor 0..int 10
        list-compress-depth 0..int 0
        list-max-listpack-size -2147483648..int -2
        list-max-ziplist-size =list-max-listpack-size
        locale-collate text
        logfile fixed
        loglevel debug|verbose|notice|warning notice
        lua-time-limit =busy-reply-threshold
        masterauth text
        masteruser text
        maxclients 1..4294967295
        maxmemory bytes:0..long
        maxmemory-clients percent 0
        maxmemory-eviction-tenacity 0..100 10
        maxmemory-policy volatile-lru|volatile-lfu|volatile-random|allkeys-lru|allkeys-lfu|allkeys-random|noeviction|s3fifo
        maxmemory-samples 1..int 5
        min-replicas-max-lag 0..int 10
        min-replicas-to-write 0..int 0
        min-slaves-max-lag =min-replicas-max-lag
        min-slaves-to-write =min-replicas-to-write
        no-appendfsync-on-rewrite yes-no no
        notify-keyspace-events events
        oom-score-adj no|yes|relative|absolute no
        oom-score-adj-values scores 0 200 800
        pidfile fixed
        port 0..65535
        proc-title-template title {title} {listen-addr} {server-mode}
        propagation-error-behavior ignore|panic|panic-on-replicas ignore
        protected-mode yes-no yes
        proto-max-bulk-len bytes:1048576..long 536870912
        rdb-del-sync-files yes-no no
        rdb-key-save-delay -2147483648..int 0
        rdb-save-incremental-fsync yes-no yes
        rdbchecksum fixed yes
        rdbcompression yes-no yes
        repl-backlog-size bytes:1..long>16384..long 1048576
        repl-backlog-ttl 0..long 3600
        repl-disable-tcp-nodelay yes-no no
        repl-diskless-load disabled|on-empty-db|swapdb disabled
        repl-diskless-sync yes-no yes
        repl-diskless-sync-delay 0..int 5
        repl-diskless-sync-max-replicas 0..int 0
        repl-ping-replica-period 1..int 10
        repl-ping-slave-period =repl-ping-replica-period
        repl-timeout 1..int 60
        replica-announce-ip text
        replica-announce-port 0..65535 0
        replica-announced yes-no yes
        replica-ignore-disk-write-errors yes-no no
        replica-ignore-maxmemory yes-no yes
        replica-lazy-flush yes-no no
        replica-priority 0..int 100
        replica-read-only yes-no yes
        replica-serve-stale-data yes-no yes
        replicaof fixed
        requirepass text
        sanitize-dump-payload no|yes|clients no
        save save 3600 1 300 100 60 10000
        server_cpulist fixed
        set-max-intset-entries 0..long 512
        set-max-listpack-entries 0..long 128
        set-max-listpack-value bytes:0..long 64
        set-proc-title fixed yes
        shutdown-on-sigint default+save+nosave+now+force default
        shutdown-on-sigterm default+save+nosave+now+force default
        shutdown-timeout 0..int 10
        slave-announce-ip =replica-announce-ip
        slave-announce-port =replica-announce-port
        slave-ignore-maxmemory =replica-ignore-maxmemory
        slave-lazy-flush =replica-lazy-flush
        slave-priority =replica-priority
        slave-read-only =replica-read-only
        slave-serve-stale-data =replica-serve-stale-data
        slaveof =replicaof
        slowlog-log-slower-than -1..long 10000
        slowlog-max-len 0..long 128
        socket-mark-id fixed 0
        stop-writes-on-bgsave-error yes-no yes
        stream-node-max-bytes bytes:0..long 4096
        stream-node-max-entries 0..long 100
        supervised fixed no
        syslog-enabled fixed no
        syslog-facility fixed local0
        syslog-ident fixed redis
        tcp-backlog fixed 511
        tcp-keepalive 0..int 300
        timeout 0..int 0
        tls-auth-clients no|yes|optional yes
        tls-ca-cert-dir text
        tls-ca-cert-file text
        tls-cert-file text
        tls-ciphers text
        tls-ciphersuites text
        tls-client-cert-file text
        tls-client-key-file text
        tls-client-key-file-pass text
        tls-cluster yes-no no
        tls-dh-params-file text
        tls-key-file text
        tls-key-file-pass text
        tls-port 0..65535 0
        tls-prefer-server-ciphers yes-no no
        tls-protocols text
        tls-replication yes-no no
        tls-session-cache-size 0..int 20480
        tls-session-cache-timeout 0..int 300
        tls-session-caching yes-no yes
        tracking-table-max-keys 0..long 1000000
        unixsocket fixed
        unixsocketperm fixed 0
        use-exit-on-panic yes-no no
        zset-max-listpack-entries 0..long 128
        zset-max-listpack-value bytes:0..long 64
        zset-max-ziplist-entries =zset-max-listpack-entries
        zset-max-ziplist-value =zset-max-listpack-value
        """;

    /// <summary>Every name with the parameter that it is of: two names of one are one object.</summary>
    public static readonly IReadOnlyDictionary<string, ConfigParameter> All = Read();

    private static Dictionary<string, ConfigParameter> Read()
    {
        var found = new Dictionary<string, ConfigParameter>();
        var others = new List<(string Name, string Of)>();
        foreach (string line in Table.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] columns = line.Split(' ', 3);
            if (columns[1].StartsWith('=')) others.Add((columns[0], columns[1][1..]));
            else found[columns[0]] = new ConfigParameter(columns[0], columns[1], columns.Length > 2 ? columns[2] : "");
        }

        foreach ((string name, string of) in others) found[name] = found[of];
        return found;
    }
}
