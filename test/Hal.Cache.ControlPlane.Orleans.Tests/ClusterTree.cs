using Hal.Cache.Client;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.ControlPlane.Orleans.Tests;

/// <summary>What tests ask of a tree whose silos are a cluster.</summary>
internal static class ClusterTree
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);

    /// <summary>A silo's control plane, as a user reaches it.</summary>
    public static HttpControlPlane Plane(TreeMember member) =>
        new(new ControlPlaneClientOptions { Url = new Uri($"http://127.0.0.1:{member.HttpPort}") }, TimeProvider.System);

    /// <summary>Waits until a silo tells that an instance has a key.</summary>
    public static async Task HoldersAreAsync(TreeMember member, string key, string holder)
    {
        using var plane = Plane(member);
        Result<KeyLocation> last = default;
        var held = await Eventually.HoldsAsync(
            async () =>
            {
                last = await plane.Content.LocateAsync(CacheKey.FromText(key), CancellationToken.None);
                return last.IsOk && last.Value.Holders.Any(h => h.Instance == holder);
            },
            Patience);
        var told = last.IsOk ? string.Join(", ", last.Value.Holders) : last.ToString();
        Assert.True(held, $"{member.Name} says '{told}' and not that '{holder}' has the key\n{member.Output}");
    }

    /// <summary>Waits until a call of a silo's control plane succeeds.</summary>
    public static async Task SucceedsAsync<T>(TreeMember member, Func<IControlPlane, Task<Result<T>>> call)
    {
        using var plane = Plane(member);
        Result<T> last = default;
        Assert.True(await Eventually.HoldsAsync(async () => (last = await call(plane)).IsOk, Patience), $"{member.Name} says '{last}'\n{member.Output}");
    }
}
