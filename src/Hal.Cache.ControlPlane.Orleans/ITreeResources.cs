using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Orleans;

/// <summary>What a silo gives the grains of a tree: their clock and the place of their durable records, which every silo must reach.</summary>
public interface ITreeResources
{
    /// <summary>The clock of leases, windows and deadlines; not that of Orleans.</summary>
    TimeProvider Clock(string tree);

    /// <summary>The records; null where nothing outlives the cluster.</summary>
    IControlPlaneStore? Store(string tree);
}
