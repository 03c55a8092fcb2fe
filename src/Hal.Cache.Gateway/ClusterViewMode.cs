namespace Hal.Cache.Gateway;

/// <summary>Whether an instance presents itself as a cluster of one node that owns every slot.</summary>
public enum ClusterViewMode
{
    /// <summary>To clients that ask for the slots or shards of a cluster; to all others it is a standalone server.</summary>
    Ask,

    /// <summary>To nobody: CLUSTER is refused as Redis refuses it without cluster-enabled.</summary>
    Off,

    /// <summary>To everybody, in INFO and HELLO as well.</summary>
    On,
}
