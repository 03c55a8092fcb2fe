using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.ControlPlane.Reporting;

/// <summary>A change that waits for its batch: an addition, a removal, or a repair's mark.</summary>
internal readonly record struct PendingChange(CacheKey Key, DateTimeOffset At)
{
    public long SizeBytes { get; init; }

    public long Version { get; init; }

    public bool Modification { get; init; }

    public string? Source { get; init; }

    public double? RetrievalMs { get; init; }

    /// <summary>Why it left; null for an addition.</summary>
    public RemovalReason? Removal { get; init; }

    /// <summary>Set where this is no change but a mark.</summary>
    public RepairMark? Mark { get; init; }

    /// <summary>True where both may be in one event: same kind, nothing fetched, close in time.</summary>
    public bool Joins(PendingChange first) =>
        Mark is null && first.Mark is null && RetrievalMs is null && first.RetrievalMs is null
        && Removal.HasValue == first.Removal.HasValue && Modification == first.Modification && Source == first.Source
        && (At - first.At).Duration() <= TimeSpan.FromMilliseconds(100);
}
