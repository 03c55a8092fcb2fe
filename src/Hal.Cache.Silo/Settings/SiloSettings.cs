using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Text;
using Hal.Cache.Coherence;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Instances;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway;

namespace Hal.Cache.Silo.Settings;

/// <summary>The table of settings; the command line, the configuration file, the environment, help and the README's table follow it.</summary>
internal static class SiloSettings
{
    public const int NameLengthMax = 64;
    public const int OriginsMax = 1024;
    public const int SecretBytesMax = 4096;
    public const int SecretBytesMin = 16;
    public const int PeersMax = 4096;
    public const int ListensMax = 8;
    public const int RootRangesMax = 1024;
    public const int InstancesMax = 64;

    public static readonly string[] Policies = ["lru", "lfu", "s3fifo", "noeviction"];

    private static readonly string[] Durabilities = ["commit", "interval", "none"];
    private static readonly string[] ClusterViews = ["ask", "on", "off"];
    private static readonly string[] Levels = ["trace", "debug", "information", "warning", "error", "critical", "none"];

    public static readonly Setting[] All =
    [
        new("name", "NAME", "local", "The instance's name, part of its HTTP paths.",
            $"must be 1 to {NameLengthMax} of a-z A-Z 0-9 - _ . and begin with a letter or digit",
            (o, v) => IsName(v) && Set(o.Name = v)),
        new("listen", "HOST:PORT", "127.0.0.1:6379", "Where Redis clients connect; may be given several times, such as [::1]:6379 beside 127.0.0.1:6379.", $"{ListenAddress.Rule}; at most {ListensMax} different ones, those behind the first with a port above 0",
            (o, v) => ApplyListens(o, [v]) is null) { TryApplyAll = ApplyListens },
        new("http", "HOST:PORT", "127.0.0.1:8080", "Where HTTP listens: health, metrics, inventory.", ListenAddress.Rule,
            (o, v) => ListenAddress.TryParse(v, out var e) && Set(o.Http = e)),
        new("data", "DIR", "$XDG_DATA_HOME/hal-cache/NAME, or ~/.local/share/hal-cache/NAME", "The data directory; made where it is missing.",
            "must be a directory, or a path whose parent is one",
            (o, v) => DataLocation.TryResolve(v, out var path) && Set(o.Data = path)),
        new("memory", "SIZE", "512mb", "Memory for data, index and log, at least 64mb.",
            "must be a size such as 512mb or 2gb, at least 64mb",
            (o, v) => ByteSize.TryParse(v, out var b) && b >= SiloOptions.MemoryMinBytes && Set(o.MemoryBytes = b)),
        new("disk", "SIZE", "8gb, or a quarter of the free disk where that is less", "Size of the data directory, at least 256mb; 0 keeps data in memory only.",
            "must be a size such as 8gb, at least 256mb, or 0 for memory only",
            (o, v) => ByteSize.TryParse(v, out var b) && b is 0 or >= SiloOptions.DiskMinBytes && Set(o.DiskBytes = b)),
        new("policy", "NAME", "noeviction", "What goes when room runs out: lru, lfu, s3fifo, or noeviction (writes then fail with -OOM).",
            $"must be one of {string.Join(", ", Policies)}",
            (o, v) => OneOf(Policies, v) is { } p && Set(o.Policy = p)),
        new("origin", "PREFIX=URI", "none", "Reads keys under PREFIX from a directory, such as imagenet/=file:///data/imagenet; may be given several times.",
            $"must be PREFIX=URI with an absolute URI, such as imagenet/=file:///data/imagenet, at most {OriginsMax} of them",
            (o, v) => ApplyOrigins(o, [v]) is null) { TryApplyAll = ApplyOrigins },
        new("requirepass", "SECRET", "none", "What clients must present: AUTH in RESP, a bearer token in HTTP; needed for any address but loopback.",
            $"must be 1 to {SecretBytesMax} bytes of UTF-8",
            (o, v) => v.Length > 0 && Encoding.UTF8.GetByteCount(v) <= SecretBytesMax && Set(o.RequirePass = v)),
        new("aclfile", "FILE", "none", "A file of users as ACL SAVE writes it; read at the start and by ACL LOAD.",
            "must be a file that exists",
            (o, v) => File.Exists(v) && Set(o.AclFile = Path.GetFullPath(v))),
        new("cluster-view", "WHEN", "ask", "Whether cluster clients see a cluster of one node with every slot: on, off, or ask (clients that ask do).",
            $"must be one of {string.Join(", ", ClusterViews)}",
            (o, v) => OneOf(ClusterViews, v) is { } m && Set(o.ClusterView = Enum.Parse<ClusterViewMode>(m, ignoreCase: true))),
        new("durability", "WHEN", "commit", "When a write is acknowledged: commit (on disk), interval (disk every second), none (disk at a clean stop).",
            $"must be one of {string.Join(", ", Durabilities)}",
            (o, v) => OneOf(Durabilities, v) is { } d && Set(o.Durability = Enum.Parse<Durability>(d, ignoreCase: true))),
        new("role", "ROLE", "none", "The instance's place in a tree: root, branch or leaf; without it the instance stands alone.",
            "must be one of root, branch, leaf",
            (o, v) => OneOf(["root", "branch", "leaf"], v) is { } r && Set(o.Role = Enum.Parse<InstanceRole>(r, ignoreCase: true))),
        new("parent", "NAME", "none", "The instance above a branch or leaf.",
            $"must be 1 to {NameLengthMax} of a-z A-Z 0-9 - _ . and begin with a letter or digit",
            (o, v) => IsName(v) && Set(o.Parent = v)),
        new("root", "NAME", "the parent", "The root of the tree, where it is not the parent; the default one where there are several.",
            $"must be 1 to {NameLengthMax} of a-z A-Z 0-9 - _ . and begin with a letter or digit",
            (o, v) => IsName(v) && Set(o.Root = v)),
        new("roots", "NAME=FIRST-LAST", "one root with all slots",
            "Hash slots of one of several roots, such as east=0-8191; given for each, the same at every instance.",
            $"must be NAME=FIRST-LAST with slots within 0 to {HashSlots.Count - 1}, at most {RootRangesMax} of them",
            (o, v) => ApplyRoots(o, [v]) is null) { TryApplyAll = ApplyRoots },
        new("peer", "NAME=HOST:PORT", "none", "Where another instance of the tree takes RESP; may be given several times.",
            $"must be NAME=HOST:PORT, at most {PeersMax} of them",
            (o, v) => ApplyPeers(o, [v]) is null) { TryApplyAll = ApplyPeers },
        new("cluster-secret", "FILE", "none", "A file with the secret that the instances of a tree share, at least 16 bytes.",
            "must be a file that can be read, with 16 to 4096 bytes",
            (o, v) => TryReadSecret(v, out var s) && Set(o.ClusterSecretFile = v) && Set(o.ClusterSecret = s)),
        new("coherence", "MODE", "strict", "What a branch or leaf does while it can't reach the root: strict (answers -TRYAGAIN) or available (serves what it has).",
            "must be one of strict, available",
            (o, v) => OneOf(["strict", "available"], v) is { } c && Set(o.Coherence = Enum.Parse<CoherenceMode>(c, ignoreCase: true))),
        new("peer-memory", "MODE", "auto", "Whether instances on one machine copy bytes from each other's memory: auto (where the kernel lets them), or no (they are sent).",
            "must be one of auto, no",
            (o, v) => OneOf(["auto", "no"], v) is { } m && Set(o.SharesMemory = m == "auto")),
        new("collection-pull-max", "SIZE", "64mb", "Largest hash, list, set, sorted set or stream that a branch or leaf copies; larger ones are read at the root, which applies its own limit too.",
            "must be a size such as 64mb, or 0 to copy none",
            (o, v) => ByteSize.TryParse(v, out var b) && Set(o.CollectionPullMaxBytes = b)),
        new("control-plane", "URL", "in this process", "Where the control plane's HTTP is, when another process hosts it.",
            "must be an http or https address, such as http://10.0.0.7:8080",
            (o, v) => TryAddress(v, out var u) && Set(o.ControlPlane = u)),
        new("postgres", "CONNECTION", "none", "Where the control plane in this process keeps its records, such as Host=db;Username=hal;Database=hal; otherwise a file of the data directory.",
            "must be a PostgreSQL connection string of Npgsql with a Host",
            (o, v) => Persistence.PostgresControlPlaneStore.Problem(v) is null && Set(o.Postgres = v)),
        new("cluster", "KIND", "none", "Spreads the control plane over silos that find each other through the database of postgres: orleans.",
            "must be orleans",
            (o, v) => OneOf(["orleans"], v) is not null && Set(o.IsClustered = true)),
        new("cluster-id", "NAME", "hal-cache", "The cluster's name; silos with one name and one database are one cluster.",
            $"must be 1 to {NameLengthMax} of a-z A-Z 0-9 - _ . and begin with a letter or digit",
            (o, v) => IsName(v) && Set(o.ClusterId = v)),
        new("cluster-listen", "HOST:PORT", "127.0.0.1:11111", "Where other silos of the cluster connect.", ListenAddress.Rule,
            (o, v) => ListenAddress.TryParse(v, out var e) && e.Port != 0 && Set(o.ClusterListen = e)),
        new("cluster-gateway", "HOST:PORT", "none", "Where .NET services connect that call the cluster's grains.", ListenAddress.Rule,
            (o, v) => ListenAddress.TryParse(v, out var e) && e.Port != 0 && Set(o.ClusterGateway = e)),
        new("cluster-dashboard", "WHETHER", "off", "Orleans' own dashboard under /orleans of the HTTP port, on or off; each call of a grain costs more with it.",
            "must be on or off",
            (o, v) => OneOf(["on", "off"], v) is { } chosen && Set(o.HasClusterDashboard = chosen == "on")),
        new("otlp", "URL", "none", "Where traces, metrics and logs go by OTLP, such as http://collector:4317; OpenTelemetry's own variables (OTEL_...) say the rest.",
            "must be an http or https address, such as http://collector:4317, or empty for none",
            (o, v) => v.Length == 0 || (TryAddress(v, out var u) && Set(o.Otlp = u))),
        new("log-level", "LEVEL", "warning", "The least level of what is logged to standard error.",
            $"must be one of {string.Join(", ", Levels)}",
            (o, v) => OneOf(Levels, v) is { } l && Set(o.LogLevel = Enum.Parse<LogLevel>(l, ignoreCase: true))),
    ];

    // Others reach the instance at the first, which alone may have any free port: nothing tells those of the rest.
    private static string? ApplyListens(SiloOptions options, IReadOnlyList<string> given)
    {
        var addresses = new List<IPEndPoint>();
        foreach (var each in given)
        {
            if (!ListenAddress.TryParse(each, out var address) || addresses.Count == ListensMax || (addresses.Count > 0 && (address.Port == 0 || addresses.Contains(address))))
                return each;
            addresses.Add(address);
        }

        (options.Listen, options.ListenAlso) = (addresses[0], addresses[1..]);
        return null;
    }

    private static string? ApplyOrigins(SiloOptions options, IReadOnlyList<string> mounts)
    {
        foreach (var mount in mounts)
        {
            var equals = mount.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || !Uri.TryCreate(mount[(equals + 1)..], UriKind.Absolute, out var uri) || !mount.AsSpan(equals + 1).Contains(':') || uri.Scheme.Length == 0)
                return mount;
        }
        if (mounts.Count > OriginsMax) return mounts[OriginsMax];
        options.Origins = mounts;
        return null;
    }

    private static string? ApplyPeers(SiloOptions options, IReadOnlyList<string> given)
    {
        var peers = new List<PeerAddress>();
        foreach (var each in given)
        {
            var equals = each.IndexOf('=', StringComparison.Ordinal);
            var colon = each.LastIndexOf(':');
            if (equals <= 0 || colon < equals + 2 || !IsName(each[..equals]) || !ushort.TryParse(each[(colon + 1)..], out var port) || port == 0) return each;
            peers.Add(new PeerAddress(each[..equals], each[(equals + 1)..colon].Trim('[', ']'), port));
        }
        if (peers.Count > PeersMax) return given[PeersMax];
        options.Peers = peers;
        return null;
    }

    private static string? ApplyRoots(SiloOptions options, IReadOnlyList<string> given)
    {
        var slots = new List<SlotAssignment>();
        foreach (var each in given)
        {
            var equals = each.IndexOf('=', StringComparison.Ordinal);
            var dash = equals < 0 ? -1 : each.IndexOf('-', equals);
            if (equals <= 0 || dash < 0 || !IsName(each[..equals])) return each;
            if (!TrySlot(each[(equals + 1)..dash], out var first) || !TrySlot(each[(dash + 1)..], out var last) || last < first) return each;
            slots.Add(new SlotAssignment(each[..equals], first, last));
        }
        if (slots.Count > RootRangesMax) return given[RootRangesMax];
        options.RootSlots = slots;
        return null;

        static bool TrySlot(string text, out int slot) =>
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out slot) && slot < HashSlots.Count;
    }

    private static bool TryReadSecret(string path, out byte[] secret)
    {
        secret = [];
        try
        {
            secret = Encoding.UTF8.GetBytes(File.ReadAllText(path).Trim());
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return false;
        }
        return secret.Length is >= SecretBytesMin and <= SecretBytesMax;
    }

    private static bool IsName(string name) =>
        name.Length is >= 1 and <= NameLengthMax
        && char.IsAsciiLetterOrDigit(name[0])
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    private static bool TryAddress(string value, [NotNullWhen(true)] out Uri? address) =>
        Uri.TryCreate(value, UriKind.Absolute, out address) && address.Scheme is "http" or "https" && address is { Query: "", Fragment: "", UserInfo: "" };

    private static string? OneOf(string[] names, string value) =>
        names.FirstOrDefault(n => n.Equals(value, StringComparison.OrdinalIgnoreCase));

    // Lets an assignment stand at the end of a condition.
    private static bool Set<T>(T _) => true;
}
