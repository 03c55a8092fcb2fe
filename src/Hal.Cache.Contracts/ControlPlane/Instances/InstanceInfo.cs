namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>An instance as the control plane knows it.</summary>
public sealed record InstanceInfo
{
    public required InstanceRegistration Registration { get; init; }

    public required InstanceState State { get; init; }

    public required DateTimeOffset RegisteredAt { get; init; }

    public required DateTimeOffset LastHeartbeatAt { get; init; }

    public required DateTimeOffset LeaseEndsAt { get; init; }

    /// <summary>Sequence of the last change taken.</summary>
    public required long AppliedSequence { get; init; }

    /// <summary>False while the content map is known or suspected to differ from the instance.</summary>
    public required bool ContentVerified { get; init; }

    /// <summary>Keys and bytes that the content map has for it.</summary>
    public required InstanceContent Content { get; init; }

    public required InstanceLoad Load { get; init; }
}
