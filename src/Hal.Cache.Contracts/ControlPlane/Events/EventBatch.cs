namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>Changes of one instance, in the order of their sequence, without gaps inside.</summary>
public sealed record EventBatch
{
    public required string Instance { get; init; }

    public required long Epoch { get; init; }

    /// <summary>At most <see cref="ControlPlaneLimits.BatchEventsMax"/>.</summary>
    public IReadOnlyList<ChangeEvent> Events { get; init; } = [];

    /// <summary>Marks between the events that bound a repair.</summary>
    public IReadOnlyList<RepairMark> Marks { get; init; } = [];

    /// <summary>Fetches begun and not ended: hints for routes, neither numbered nor repaired.</summary>
    public IReadOnlyList<FetchHint> Fetches { get; init; } = [];
}
