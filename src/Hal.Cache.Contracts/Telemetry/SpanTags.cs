namespace Hal.Cache.Contracts.Telemetry;

/// <summary>
/// Names of the attributes of spans: OpenTelemetry's semantic conventions where they have one, <c>hal.</c> otherwise. None has the contents
/// of a key, which may be somebody's name: the hash tells which spans are about one key.
/// </summary>
public static class SpanTags
{
    public const string DbSystem = "db.system.name";
    public const string DbOperation = "db.operation.name";
    public const string DbNamespace = "db.namespace";
    public const string DbBatchSize = "db.operation.batch.size";
    public const string DbStatus = "db.response.status_code";
    public const string ErrorType = "error.type";
    public const string ServerAddress = "server.address";
    public const string ServerPort = "server.port";
    public const string PeerAddress = "network.peer.address";
    public const string PeerPort = "network.peer.port";
    public const string Transport = "network.transport";
    public const string ProtocolName = "network.protocol.name";

    /// <summary>Name of the instance that works.</summary>
    public const string Instance = "hal.instance";

    /// <summary>Name of the instance that is asked, or asks.</summary>
    public const string Peer = "hal.peer";

    /// <summary>
    /// The key's hash, as 16 hexadecimal digits; in a tree its seed follows from the cluster's secret, so that all instances tell the same one and nobody
    /// else can try keys.
    /// </summary>
    public const string KeyHash = "hal.key.hash";

    /// <summary>Bytes of values that came, or were sent.</summary>
    public const string Bytes = "hal.bytes";

    /// <summary>First byte of a range.</summary>
    public const string Offset = "hal.offset";

    /// <summary>Prefix of the keys that an origin is behind, as the settings name it.</summary>
    public const string OriginPrefix = "hal.origin.prefix";

    /// <summary>Instances in the order in which they are asked.</summary>
    public const string Sources = "hal.route.sources";
}
