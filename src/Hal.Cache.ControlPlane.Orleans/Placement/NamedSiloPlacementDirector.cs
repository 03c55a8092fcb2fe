using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace Hal.Cache.ControlPlane.Orleans.Placement;

/// <summary>Finds the silo that a grain's key is the address of; where it is gone the call fails as one to a silo that has died.</summary>
internal sealed class NamedSiloPlacementDirector : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var silo = SiloAddress.FromParsableString(target.GrainIdentity.Key.ToString()!);
        return context.GetCompatibleSilos(target).Contains(silo)
            ? Task.FromResult(silo)
            : Task.FromException<SiloAddress>(new SiloUnavailableException($"silo {silo} is not of the cluster"));
    }
}
