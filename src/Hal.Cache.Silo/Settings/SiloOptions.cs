using System.Net;
using Hal.Cache.Coherence;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Instances;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Gateway;
using Hal.Cache.Node.Tree;

namespace Hal.Cache.Silo.Settings;

/// <summary>What one silo needs to start: defaults here, rules and names in <see cref="SiloSettings"/>.</summary>
internal sealed class SiloOptions
{
    public const long MemoryMinBytes = 64L << 20;
    public const long MemoryDefaultBytes = 512L << 20;
    public const long DiskMinBytes = 256L << 20;
    public const long DiskDefaultMaxBytes = 8L << 30;

    /// <summary>The instance's name, part of its HTTP paths.</summary>
    public string Name { get; set; } = "local";

    /// <summary>Where RESP clients connect; port 0 takes any free one.</summary>
    public IPEndPoint Listen { get; set; } = new(IPAddress.Loopback, 6379);

    /// <summary>Further addresses where RESP clients connect, each with a port.</summary>
    public IReadOnlyList<IPEndPoint> ListenAlso { get; set; } = [];

    /// <summary>All addresses where RESP clients connect.</summary>
    public IEnumerable<IPEndPoint> Listens => [Listen, .. ListenAlso];

    /// <summary>Where HTTP listens; port 0 takes any free one.</summary>
    public IPEndPoint Http { get; set; } = new(IPAddress.Loopback, 8080);

    /// <summary>The data directory, an absolute path; empty until <see cref="SettingsReader"/> has chosen the default.</summary>
    public string Data { get; set; } = "";

    /// <summary>Memory for data, index and log, in bytes; at least <see cref="MemoryMinBytes"/>.</summary>
    public long MemoryBytes { get; set; } = MemoryDefaultBytes;

    /// <summary>Size of the data directory, in bytes: 0 for memory only, otherwise at least <see cref="DiskMinBytes"/>.</summary>
    public long DiskBytes { get; set; } = -1;

    /// <summary>One of <see cref="SiloSettings.Policies"/>.</summary>
    public string Policy { get; set; } = "noeviction";

    /// <summary>Mounts as PREFIX=URI.</summary>
    public IReadOnlyList<string> Origins { get; set; } = [];

    /// <summary>What clients must present (AUTH, or HTTP's bearer token); null lets everyone in, on loopback only.</summary>
    public string? RequirePass { get; set; }

    /// <summary>File of users, an absolute path; null for none.</summary>
    public string? AclFile { get; set; }

    public ClusterViewMode ClusterView { get; set; }

    public Durability Durability { get; set; } = Durability.Commit;

    /// <summary>The least level that is logged to standard error.</summary>
    public LogLevel LogLevel { get; set; } = LogLevel.Warning;

    /// <summary>The instance's place in a tree; null for an instance that stands alone.</summary>
    public InstanceRole? Role { get; set; }

    /// <summary>Name of the instance above; empty at a root.</summary>
    public string Parent { get; set; } = "";

    /// <summary>Name of the root, the default one where there are several; empty until <see cref="TreeRules"/> has chosen it.</summary>
    public string Root { get; set; } = "";

    /// <summary>The slots of each root, where the tree has several; empty where it has one.</summary>
    public IReadOnlyList<SlotAssignment> RootSlots { get; set; } = [];

    /// <summary>The roots of its tree.</summary>
    public RootTable Roots => RootSlots.Count == 0 ? RootTable.Sole(Root) : RootTable.From(RootSlots, Root);

    /// <summary>Where other instances of the tree are.</summary>
    public IReadOnlyList<PeerAddress> Peers { get; set; } = [];

    /// <summary>File of the secret that instances of one tree share; empty where none was named.</summary>
    public string ClusterSecretFile { get; set; } = "";

    /// <summary>What is read from <see cref="ClusterSecretFile"/>, or made up where all instances are in this process.</summary>
    public byte[] ClusterSecret { get; set; } = [];

    /// <summary>What a branch or leaf does while it can't reach the root.</summary>
    public CoherenceMode Coherence { get; set; } = CoherenceMode.Strict;

    /// <summary>Whether instances on this machine, whose memory this process may read, are read there.</summary>
    public bool SharesMemory { get; set; } = true;

    /// <summary>Largest collection that is copied from the root, in bytes of memory; a larger one is read there.</summary>
    public long CollectionPullMaxBytes { get; set; } = 64L << 20;

    /// <summary>Where the control plane is, when another process hosts it; null: this one does.</summary>
    public Uri? ControlPlane { get; set; }

    /// <summary>Database of the control plane in this process; null keeps its records in a file of the data directory.</summary>
    public string? Postgres { get; set; }

    /// <summary>True where the control plane is spread over the silos of an Orleans cluster.</summary>
    public bool IsClustered { get; set; }

    /// <summary>The cluster: silos with one id and one database are one.</summary>
    public string ClusterId { get; set; } = "hal-cache";

    /// <summary>Where other silos of the cluster connect.</summary>
    public IPEndPoint ClusterListen { get; set; } = new(IPAddress.Loopback, 11111);

    /// <summary>Where .NET clients of the cluster connect; null: nowhere.</summary>
    public IPEndPoint? ClusterGateway { get; set; }

    /// <summary>Orleans' dashboard is mounted under the HTTP port.</summary>
    public bool HasClusterDashboard { get; set; }

    /// <summary>Where traces, metrics and logs go by OTLP; null where only OpenTelemetry's own variables say so.</summary>
    public Uri? Otlp { get; set; }

    /// <summary>All instances of the process: this one, those that the file lists, or the <see cref="DefaultTree"/>.</summary>
    public IReadOnlyList<SiloOptions> Instances { get; set; } = [];

    /// <summary>True where nothing was said of an instance, so that <see cref="Instances"/> is the default tree.</summary>
    public bool IsDefaultTree { get; set; }

    /// <summary>True when data is kept in memory only.</summary>
    public bool MemoryOnly => DiskBytes == 0;
}
