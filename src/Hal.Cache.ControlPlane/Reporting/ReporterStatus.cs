using Hal.Cache.Contracts;

namespace Hal.Cache.ControlPlane.Reporting;

/// <summary>How an instance's reports stand.</summary>
public sealed record ReporterStatus
{
    public required bool Registered { get; init; }

    /// <summary>Changes that wait to be sent.</summary>
    public required int Pending { get; init; }

    /// <summary>Nothing waits, nothing is under way, and the last comparison found no difference.</summary>
    public required bool IsSettled { get; init; }

    /// <summary>Times that changes were dropped because too many waited.</summary>
    public required long Overflows { get; init; }

    /// <summary>Scans for repair.</summary>
    public required long Scans { get; init; }

    /// <summary>Why the last message was refused; null where it was taken.</summary>
    public CacheError? Refused { get; init; }

    /// <summary>There is prestage work to take.</summary>
    public required bool PrestageWaiting { get; init; }

    /// <summary>Rises when the instance's pins change.</summary>
    public required long PinsRevision { get; init; }
}
