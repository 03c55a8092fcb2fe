namespace Hal.Cache.ControlPlane.Sharding;

/// <summary>What a change does to an ownership record; the numbers are on the wire.</summary>
public enum RecordChangeKind
{
    /// <summary>The instance holds the key.</summary>
    Set = 0,

    /// <summary>The instance evicted the key.</summary>
    Evict = 1,

    /// <summary>The key left for another reason.</summary>
    Remove = 2,

    FetchBegins = 3,

    FetchEnds = 4,

    RepairBegins = 5,

    RepairEnds = 6,
}
