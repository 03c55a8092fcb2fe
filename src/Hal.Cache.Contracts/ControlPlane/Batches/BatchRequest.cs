namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>How a batch is to be.</summary>
public sealed record BatchRequest
{
    /// <summary>When it ends by itself, as where its job has died; null: when it is ended.</summary>
    public DateTimeOffset? EndsAt { get; init; }
}
