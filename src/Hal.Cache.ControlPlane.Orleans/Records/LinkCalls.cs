using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Hosting;
using Hal.Cache.ControlPlane.Orleans.Grains;
using Hal.Cache.ControlPlane.Orleans.Roles;

namespace Hal.Cache.ControlPlane.Orleans.Records;

/// <summary>Asks the links of a tree, each by its own grain.</summary>
internal sealed class LinkCalls(Func<IGrainFactory> grains, string tree, GrainCalls calls)
{
    public Task<Result<T>> CallAsync<T>(string from, string to, Func<ITopologyEdgeGrain, Task<Result<T>>> call, CancellationToken cancellation) =>
        calls.CallAsync(() => call(grains().GetGrain<ITopologyEdgeGrain>(TreeKey.Of(tree, from, to))), cancellation);

    /// <summary>Tells each link what was seen of it, all at once.</summary>
    public async Task<Result<Done>> ObserveAsync(IReadOnlyList<LinkObservation> observations, CancellationToken cancellation)
    {
        var told = await Task.WhenAll(TopologyRules.ByLink(observations).Select(link =>
            CallAsync(link.Key.From, link.Key.To, edge => edge.ObserveAsync([.. link], cancellation), cancellation)));
        return told.FirstOrDefault(t => !t.IsOk) is { Error: { } error } ? error : Done.Value;
    }
}
