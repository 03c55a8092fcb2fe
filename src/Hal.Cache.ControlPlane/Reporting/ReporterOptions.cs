using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Reporting;

/// <summary>Pace and limits of an instance's reports.</summary>
public sealed class ReporterOptions
{
    /// <summary>Oldest age at which a change is sent; more changes share a batch the longer it is.</summary>
    public TimeSpan BatchDelay { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Changes at which a batch is sent at once; 1 to the contract's BatchKeysMax.</summary>
    public int BatchKeys { get; set; } = 1024;

    /// <summary>Changes kept while the control plane is away; beyond it they are dropped, and digests find what was lost. At least four times <see cref="BatchKeys"/>, since a scan may fill three.</summary>
    public int PendingMax { get; set; } = 65_536;

    /// <summary>Silence after which a message counts as lost and is sent again.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Pause after the control plane refused or could not be reached.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Heartbeats until the first lease says how often.</summary>
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Shortest time between the begins of two repairs.</summary>
    public TimeSpan RepairPause { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Fetch hints kept for the next batch; further ones are not sent.</summary>
    public int FetchHintsMax { get; set; } = 1024;

    /// <summary>The first rule that is broken; null where all is well.</summary>
    public string? Validate()
    {
        if (BatchKeys is < 1 or > ControlPlaneLimits.BatchKeysMax) return $"Reporter:BatchKeys is {BatchKeys}; it must be from 1 to {ControlPlaneLimits.BatchKeysMax}.";
        if (PendingMax < 4 * BatchKeys) return $"Reporter:PendingMax is {PendingMax}; it must be at least four times BatchKeys ({BatchKeys}).";
        if (FetchHintsMax is < 0 or > 1024) return $"Reporter:FetchHintsMax is {FetchHintsMax}; it must be from 0 to 1024.";
        return RequestTimeout <= TimeSpan.Zero || RetryDelay < TimeSpan.Zero || Heartbeat <= TimeSpan.Zero || BatchDelay < TimeSpan.Zero
            ? "Reporter:RequestTimeout and Heartbeat must be above zero, RetryDelay and BatchDelay not below."
            : null;
    }
}
