using System.Collections.Concurrent;
using Hal.Cache.ControlPlane.Orleans.Grains;
using Hal.Cache.ControlPlane.Orleans.Roles;
using Hal.Cache.ControlPlane.Sharding;

namespace Hal.Cache.ControlPlane.Orleans.Records;

/// <summary>What this silo last saw of each tree, shared by the ownership records on it, so that they need not ask the tree for each call.</summary>
internal sealed class TreeSights(IGrainFactory grains, ITreeResources resources)
{
    private readonly ConcurrentDictionary<string, Asked> last = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, TreeSight> seen = new(StringComparer.Ordinal);
    private readonly TimeProvider time = TimeProvider.System;

    /// <summary>A sight that was asked for at most so long ago; where the tree does not answer, the last one.</summary>
    public async Task<TreeSight> GetAsync(string tree, int ageMs)
    {
        if (!last.TryGetValue(tree, out var asked) || asked.Sight.IsFaulted || time.GetElapsedTime(asked.At).TotalMilliseconds > ageMs)
        {
            // Asked outside of the caller's grain, since others wait for the answer too.
            asked = new Asked(time.GetTimestamp(), Task.Run(() => AskAsync(tree)));
            last[tree] = asked;
        }
        try
        {
            return await asked.Sight;
        }
        catch (Exception failure) when (GrainCalls.IsLoss(failure) && seen.TryGetValue(tree, out _))
        {
            return seen[tree];
        }
    }

    private async Task<TreeSight> AskAsync(string tree)
    {
        var view = await grains.GetGrain<ITreeGrain>(tree).ViewAsync();
        return seen[tree] = new TreeSight(view, resources.Clock(tree));
    }

    private sealed record Asked(long At, Task<TreeSight> Sight);
}
