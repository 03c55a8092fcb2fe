namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>A batch.</summary>
public sealed record BatchInfo
{
    public required string Batch { get; init; }

    public required BatchState State { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it ends by itself; null: when it is ended.</summary>
    public DateTimeOffset? EndsAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Its prestage jobs that have not ended.</summary>
    public int Prestages { get; init; }

    public int Pins { get; init; }
}
