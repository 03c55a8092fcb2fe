namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>An instance's sign of life.</summary>
public sealed record Heartbeat
{
    public required string Instance { get; init; }

    public required long Epoch { get; init; }

    /// <summary>Rises with every heartbeat of an epoch; a repeated or older one extends nothing.</summary>
    public required long Number { get; init; }

    /// <summary>Sequence of the last change numbered.</summary>
    public long Sequence { get; init; }

    /// <summary>Digest of all content at <see cref="Sequence"/>; null where it is not known.</summary>
    public ulong? Digest { get; init; }

    public InstanceLoad Load { get; init => field = value ?? new(); } = new();

    /// <summary>Most read keys since the last heartbeat, at most <see cref="ControlPlaneLimits.HeartbeatKeysMax"/>.</summary>
    public IReadOnlyList<KeyReads> PopularKeys { get; init => field = value ?? []; } = [];

    /// <summary>Links measured since the last heartbeat.</summary>
    public IReadOnlyList<LinkObservation> Links { get; init => field = value ?? []; } = [];
}
