using Hal.Cache.ControlPlane.Instances;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>Settings of a control plane.</summary>
public sealed class ControlPlaneOptions
{
    public InstanceOptions Instances { get; set; } = new();

    /// <summary>How often leases, deadlines and pins are looked at.</summary>
    public TimeSpan Housekeeping { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Stores who has registered, within <see cref="Housekeeping"/>: a control plane that moves from process to process then knows the
    /// tree at once, and takes the children of an instance that is away.
    /// </summary>
    public bool KeepInstances { get; set; }

    /// <summary>The first rule that is broken; null where all is well.</summary>
    public string? Validate() =>
        Housekeeping <= TimeSpan.Zero ? $"ControlPlane:Housekeeping is {Housekeeping}; it must be above zero." : Instances.Validate();
}
