namespace Hal.Cache.ControlPlane.Instances;

/// <summary>How long silence is taken for life.</summary>
public sealed class InstanceOptions
{
    /// <summary>How often instances send a heartbeat.</summary>
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Silence after which an instance is suspect; at least twice <see cref="Heartbeat"/>.</summary>
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(4);

    /// <summary>Silence after which an instance is gone and its content forgotten; at least <see cref="Lease"/>.</summary>
    public TimeSpan GoneAfter { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>The first rule that is broken, naming the setting, its value and the rule; null where all is well.</summary>
    public string? Validate()
    {
        if (Heartbeat <= TimeSpan.Zero) return $"ControlPlane:Heartbeat is {Heartbeat}; it must be above zero.";
        if (Lease < 2 * Heartbeat) return $"ControlPlane:Lease is {Lease}; it must be at least twice Heartbeat ({Heartbeat}).";
        return GoneAfter < Lease ? $"ControlPlane:GoneAfter is {GoneAfter}; it must be at least Lease ({Lease})." : null;
    }
}
