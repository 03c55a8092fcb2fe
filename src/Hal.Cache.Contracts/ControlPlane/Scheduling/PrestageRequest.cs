namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>What to copy where.</summary>
public sealed record PrestageRequest
{
    public required KeySelection Selection { get; init; }

    /// <summary>1 to <see cref="ControlPlaneLimits.PrestageInstancesMax"/>.</summary>
    public required IReadOnlyList<string> Instances { get; init; }

    /// <summary>Priority of a request that names none.</summary>
    public const int PriorityNormal = 50;

    // A generated JSON reader sets what is absent to null.
    /// <summary>Higher goes first; 0 to 100; null for <see cref="PriorityNormal"/>.</summary>
    public int? Priority { get; init => field = value ?? PriorityNormal; } = PriorityNormal;

    /// <summary>When work on it ends; null: never.</summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>Limit at each instance; null: none.</summary>
    public long? BandwidthBytesPerSecond { get; init; }

    /// <summary>A batch that runs, with which the job ends; null: none.</summary>
    public string? Batch { get; init; }
}
