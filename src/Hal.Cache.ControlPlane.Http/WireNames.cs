using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Instances;

namespace Hal.Cache.ControlPlane.Http;

/// <summary>The names of states on the wire: fixed here, so that renaming a member in code does not change them.</summary>
internal static class WireNames
{
    public static string Text(this InstanceHealth health) => health switch
    {
        InstanceHealth.Starting => "starting",
        InstanceHealth.Ready => "ready",
        InstanceHealth.ReadOnly => "readOnly",
        InstanceHealth.Draining => "draining",
        InstanceHealth.Failed => "failed",
        _ => throw new ArgumentOutOfRangeException(nameof(health), health, "has no name"),
    };

    public static string Text(this CacheErrorCode code) => code switch
    {
        CacheErrorCode.NotFound => "notFound",
        CacheErrorCode.Invalid => "invalid",
        CacheErrorCode.Refused => "refused",
        CacheErrorCode.ReadOnly => "readOnly",
        CacheErrorCode.Changed => "changed",
        CacheErrorCode.Corrupt => "corrupt",
        CacheErrorCode.NoRoom => "noRoom",
        CacheErrorCode.Unavailable => "unavailable",
        CacheErrorCode.Busy => "busy",
        CacheErrorCode.Conflict => "conflict",
        CacheErrorCode.StaleEpoch => "staleEpoch",
        _ => throw new ArgumentOutOfRangeException(nameof(code), code, "has no name"),
    };

    public static string Text(this InstanceRole role) => role switch
    {
        InstanceRole.Root => "root",
        InstanceRole.Branch => "branch",
        InstanceRole.Leaf => "leaf",
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "has no name"),
    };
}
