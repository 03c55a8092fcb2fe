namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>An instance's state as a scaler sees it.</summary>
public sealed record ScalingSignal
{
    public required string Instance { get; init; }

    /// <summary>Used over limit, the higher of memory and disk; null where there is no limit.</summary>
    public double? FillRatio { get; init; }

    /// <summary>Of the last five minutes; null where nothing was read.</summary>
    public double? HitRate { get; init; }

    /// <summary>Evictions over additions of the last five minutes: near 1, each new key costs an old one.</summary>
    public required double PressureRatio { get; init; }

    public required ScalingAdvice Advice { get; init; }

    /// <summary>One line for a person.</summary>
    public required string Reason { get; init; }
}
