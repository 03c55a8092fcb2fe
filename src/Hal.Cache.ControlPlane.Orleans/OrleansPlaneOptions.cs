using Hal.Cache.ControlPlane.Hosting;

namespace Hal.Cache.ControlPlane.Orleans;

/// <summary>Settings of a control plane in an Orleans cluster.</summary>
public sealed class OrleansPlaneOptions
{
    /// <summary>The tree, where one cluster has several.</summary>
    public string Tree { get; set; } = "tree";

    /// <summary>The domain's own settings; registrations are kept, since the control plane moves when a silo dies.</summary>
    public ControlPlaneOptions Plane { get; set; } = new() { KeepInstances = true };

    /// <summary>
    /// How old may be what an ownership record knows of the instances' states when others changed them; what its caller changed it sees at once.
    /// </summary>
    public TimeSpan ViewAge { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long after silos have come or gone ownership records are spread over them evenly again; null: they stay where a death put them.</summary>
    public TimeSpan? SpreadAfter { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a call that is lost on the way is made in all; at least 1.</summary>
    public int AttemptsMax { get; set; } = 20;

    /// <summary>The pause before the second try; it doubles from try to try.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(20);

    /// <summary>The longest pause between two tries; at least <see cref="RetryDelay"/>.</summary>
    public TimeSpan RetryDelayMax { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The first rule that is broken; null where all is well.</summary>
    public string? Validate()
    {
        if (Tree.Length == 0) return "Orleans:Tree is empty; it must have a name.";
        if (Tree.Contains('/', StringComparison.Ordinal)) return $"Orleans:Tree is '{Tree}'; it must have no slash.";
        if (ViewAge < TimeSpan.Zero || ViewAge > TimeSpan.FromMinutes(1)) return $"Orleans:ViewAge is {ViewAge}; it must be from 0 to 1 minute.";
        if (SpreadAfter <= TimeSpan.Zero) return $"Orleans:SpreadAfter is {SpreadAfter}; it must be above zero.";
        if (AttemptsMax < 1) return $"Orleans:AttemptsMax is {AttemptsMax}; it must be at least 1.";
        if (RetryDelay <= TimeSpan.Zero) return $"Orleans:RetryDelay is {RetryDelay}; it must be above zero.";
        return RetryDelayMax < RetryDelay ? $"Orleans:RetryDelayMax is {RetryDelayMax}; it must be at least RetryDelay ({RetryDelay})." : Plane.Validate();
    }
}
