namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>
/// The begin or the end of a repair, numbered in one sequence with the events. Between the two the instance tells everything that it
/// holds in the slots; at the end the content map drops what was not told.
/// </summary>
public sealed record RepairMark
{
    public required long Sequence { get; init; }

    /// <summary>True at the begin, false at the end.</summary>
    public required bool Begins { get; init; }

    /// <summary>The slots, at the begin; empty at the end.</summary>
    public IReadOnlyList<SlotRange> Slots { get; init; } = [];
}
