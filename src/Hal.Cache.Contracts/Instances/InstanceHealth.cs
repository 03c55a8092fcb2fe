namespace Hal.Cache.Contracts.Instances;

/// <summary>What an instance can do now.</summary>
public enum InstanceHealth
{
    /// <summary>Reading its data directory; serves nothing yet.</summary>
    Starting,

    /// <summary>Serves reads and writes.</summary>
    Ready,

    /// <summary>Serves reads, refuses writes, such as when its disk is full.</summary>
    ReadOnly,

    /// <summary>Finishing what it has begun, on its way to a clean end.</summary>
    Draining,

    /// <summary>Serves nothing, and needs a person.</summary>
    Failed,
}
