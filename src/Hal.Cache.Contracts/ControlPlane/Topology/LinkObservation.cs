namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>A round trip, a transfer, or both, seen on a link from <see cref="From"/> to <see cref="To"/>.</summary>
public sealed record LinkObservation
{
    public required string From { get; init; }

    public required string To { get; init; }

    public double? RoundTripMs { get; init; }

    /// <summary>Bytes of a transfer, with <see cref="TransferMs"/>.</summary>
    public long? TransferBytes { get; init; }

    public double? TransferMs { get; init; }
}
