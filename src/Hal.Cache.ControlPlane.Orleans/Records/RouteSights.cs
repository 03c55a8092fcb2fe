using Hal.Cache.Contracts;
using Hal.Cache.ControlPlane.Orleans.Grains;
using Hal.Cache.ControlPlane.Orleans.Roles;
using Hal.Cache.ControlPlane.Sharding;

namespace Hal.Cache.ControlPlane.Orleans.Records;

/// <summary>What this process last saw of a tree to rank routes in it, shared by all who ask here. Thread-safe.</summary>
internal sealed class RouteSights(Func<ITreeGrain> tree, GrainCalls calls, TimeProvider time)
{
    private readonly RouteSight sight = new(time);
    private readonly Lock gate = new();
    private Task<CacheError?> asking = Task.FromResult<CacheError?>(null);
    private long? askedAt;

    /// <summary>A sight that was asked for at most so long ago; where the tree does not answer, the last one, whose instances grow silent.</summary>
    public async Task<Result<RouteSight>> GetAsync(int ageMs)
    {
        Task<CacheError?> asked;
        lock (gate)
        {
            if (askedAt is not { } at || time.GetElapsedTime(at).TotalMilliseconds > ageMs)
            {
                askedAt = time.GetTimestamp();
                var before = asking;
                // One question at a time, so that an old answer can't come after a newer one; and outside of the caller's grain.
                asking = Task.Run(() => AskAsync(before));
            }
            asked = asking;
        }
        return await asked is { } error && sight.Place.Life is null ? error : sight;
    }

    private async Task<CacheError?> AskAsync(Task before)
    {
        await before;
        var (life, revision) = sight.Place;
        var view = await calls.AskAsync(() => tree().RouteViewAsync(life, revision), CancellationToken.None);
        if (!view.IsOk) return view.Error;
        sight.Take(view.Value);
        return null;
    }
}
