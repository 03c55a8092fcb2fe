using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Orleans.Grains;
using Hal.Cache.ControlPlane.Orleans.Records;

namespace Hal.Cache.ControlPlane.Orleans.Roles;

/// <summary>Routes, ranked here: where the keys are is asked of their records, the tree is known from a view.</summary>
internal sealed class OrleansRouting(Func<IRouting> tree, RouteSights sights, RecordCalls records, Freshness freshness, GrainCalls calls) : IRouting
{
    public async Task<Result<IReadOnlyList<KeyRoutes>>> RoutesAsync(RouteRequest request, CancellationToken cancellation)
    {
        var sight = await sights.GetAsync(freshness.AgeMs);
        if (!sight.IsOk) return sight.Error;
        var wrong = sight.Value.Check(request);
        // Somebody else may have registered the destination a moment ago.
        if (wrong?.Code == CacheErrorCode.NotFound) wrong = (await sights.GetAsync(0)).Error ?? sight.Value.Check(request);
        if (wrong is not null) return wrong;
        var found = await records.LocateAsync(request.Keys, IKeyOwnershipGrain.NoView, cancellation);
        return found.IsOk ? Results.Of(sight.Value.Rank(request, found.Value)) : found.Error;
    }

    public Task<Result<Done>> ReportFailureAsync(RouteFailure failure, CancellationToken cancellation) =>
        freshness.ChangeAsync(calls.CallAsync(() => tree().ReportFailureAsync(failure, cancellation), cancellation));
}
