using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Sharding;

/// <summary>What ownership records have to know of their tree: who is in it, how long each has been silent, and who owns which slots.</summary>
/// <remarks>It has spans of time and no times, so that the clocks of two processes need not agree.</remarks>
public sealed record TreeView
{
    public required IReadOnlyList<ViewedInstance> Instances { get; init; }

    /// <summary>False where the tree has begun so lately that some may not have registered again.</summary>
    public required bool IsWhole { get; init; }

    public required IReadOnlyList<SlotAssignment> Owners { get; init; }

    /// <summary>Silence after which an instance is suspect.</summary>
    public required TimeSpan Lease { get; init; }

    /// <summary>Silence after which an instance is gone.</summary>
    public required TimeSpan GoneAfter { get; init; }
}
