using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Instances;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.ControlPlane.Orleans.Tests;

[Collection(ClusterCollection.Name)]
public sealed class StressTests(ClusterFixture cluster)
{
    private const int Callers = 32;
    private const int CallsEach = 60;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private static CancellationToken None => CancellationToken.None;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Callers_of_everything_at_once_all_get_their_answers(int seed)
    {
        var plane = await cluster.NewTreeAsync(TimeProvider.System);
        Assert.True((await plane.Instances.RegisterAsync(Instance("root", null), None)).IsOk);
        ScriptedInstance[] leaves = [.. Enumerable.Range(0, Callers).Select(caller => new ScriptedInstance(plane, $"leaf-{caller}", "root"))];
        foreach (var leaf in leaves) await leaf.RegisterAsync();

        var callers = Enumerable.Range(0, Callers).Select(caller => Task.Run(() => CallAsync(plane, leaves[caller], caller, new Random((seed * 1000) + caller))));
        var errors = await Task.WhenAll(callers).WaitAsync(Patience);
        var totals = await plane.Content.TotalsAsync(None);
        if (totals.Value.Copies != Callers * CallsEach)
        {
            // A record that did not answer in time may lack something until digests are compared, which is what instances do then.
            foreach (var leaf in leaves) Assert.True(await Eventually.HoldsAsync(leaf.IsRepairedAsync, Patience), "an instance is not repaired");
            totals = await plane.Content.TotalsAsync(None);
        }

        Assert.All(errors, e => Assert.True(e is null, $"seed {seed}: {e}"));
        Assert.Equal(Callers * CallsEach, totals.Value.Copies);
    }

    // Each caller is an instance that reports, and a user that asks about all of them.
    private static async Task<CacheError?> CallAsync(IControlPlane plane, ScriptedInstance leaf, int caller, Random random)
    {
        var name = $"leaf-{caller}";
        for (var call = 1; call <= CallsEach; call++)
        {
            await leaf.AddAsync(Key(caller, call));
            var other = Key(random.Next(Callers), random.Next(CallsEach));
            var error = random.Next(8) switch
            {
                0 => (await plane.Instances.HeartbeatAsync(new Heartbeat { Instance = name, Epoch = 1, Number = call }, None)).Error,
                1 => (await plane.Content.LocateManyAsync([other, Key(caller, call)], None)).Error,
                2 => (await plane.Routing.RoutesAsync(new RouteRequest { Keys = [other], Destination = name }, None)).Error,
                3 => (await plane.Topology.ObserveAsync([new LinkObservation { From = "root", To = name, RoundTripMs = call }], None)).Error,
                4 => (await plane.Scheduling.PrestageAsync(Prestage(other, name), null, None)).Error,
                5 => (await plane.Scheduling.TakePrestageWorkAsync(name, 10, None)).Error,
                6 => (await plane.Scheduling.AffinityAsync(new AffinityRequest { Selection = new KeySelection { Keys = [other] } }, None)).Error,
                _ => (await plane.Instances.ListAsync(new PageRequest(), None)).Error,
            };
            if (error is not null) return error;
        }
        return null;
    }

    private static PrestageRequest Prestage(CacheKey key, string instance) => new() { Selection = new KeySelection { Keys = [key] }, Instances = [instance] };

    private static CacheKey Key(int caller, int call) => CacheKey.FromText($"data/{caller}/{call}");

    private static InstanceRegistration Instance(string name, string? parent) =>
        new() { Name = name, Role = parent is null ? InstanceRole.Root : InstanceRole.Leaf, Parent = parent, Silo = name, Epoch = 1, RespAddress = "127.0.0.1:1" };
}
