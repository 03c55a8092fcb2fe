using Hal.Cache.Contracts.Instances;

namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>How an instance announces itself.</summary>
public sealed record InstanceRegistration
{
    /// <summary>Unique in the tree: 1 to <see cref="ControlPlaneLimits.NameLengthMax"/> of <c>a-z A-Z 0-9 - _ .</c></summary>
    public required string Name { get; init; }

    public required InstanceRole Role { get; init; }

    /// <summary>Name of the parent; null for a root, and only for a root.</summary>
    public string? Parent { get; init; }

    /// <summary>Identity of the process and its data directory: another one that uses a live name is refused.</summary>
    public required string Silo { get; init; }

    /// <summary>Rises with every start of the instance.</summary>
    public required long Epoch { get; init; }

    /// <summary>Sequence of the last change numbered in this epoch, 0 before the first.</summary>
    public long Sequence { get; init; }

    /// <summary>Where RESP clients and other instances reach it, as HOST:PORT.</summary>
    public required string RespAddress { get; init; }

    public string? HttpAddress { get; init; }

    // A generated JSON reader sets what is absent to 0, and there is no version 0.
    public int ProtocolVersion { get; init => field = value == 0 ? ControlPlaneLimits.ProtocolVersion : value; } = ControlPlaneLimits.ProtocolVersion;

    public string? EvictionPolicy { get; init; }

    public long MemoryLimitBytes { get; init; }

    /// <summary>0 where data is kept in memory only.</summary>
    public long DiskLimitBytes { get; init; }

    /// <summary>Slots that a root claims; null: the first root takes every slot that nobody owns, a later one none.</summary>
    public IReadOnlyList<SlotRange>? Slots { get; init; }
}
