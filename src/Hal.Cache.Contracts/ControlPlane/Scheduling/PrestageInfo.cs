namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>A prestage job and how far it is, in copies: keys times instances.</summary>
public sealed record PrestageInfo
{
    public required string Job { get; init; }

    public required PrestageState State { get; init; }

    public required int Priority { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? Deadline { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public long? BandwidthBytesPerSecond { get; init; }

    public string? Batch { get; init; }

    public required long CopiesTotal { get; init; }

    public required long CopiesDone { get; init; }

    public required long CopiesFailed { get; init; }

    public required IReadOnlyList<PrestageInstanceInfo> Instances { get; init; }
}
