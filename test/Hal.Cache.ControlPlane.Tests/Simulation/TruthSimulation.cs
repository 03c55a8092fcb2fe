using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Hosting;
using Hal.Cache.ControlPlane.Reporting;
using Hal.Cache.Testing.Time;

namespace Hal.Cache.ControlPlane.Tests.Simulation;

/// <summary>A control plane and three instances under one seed, in virtual time, with the very classes that ship.</summary>
internal sealed class TruthSimulation(int seed)
{
    private const int StepMs = 10;

    private readonly Random random = new(seed);
    private readonly ManualTimeProvider clock = new();
    private readonly List<SimulatedInstance> instances = [];
    private SimulatedNetwork network = null!;
    private InProcessControlPlane plane = null!;
    private long nowMs;

    public long Scans { get; private set; }

    public long Overflows { get; private set; }

    public int PlaneRestarts { get; private set; }

    /// <summary>Runs faults and changes for some seconds, then quiet; answers the first difference after it, or null.</summary>
    public async Task<string?> RunAsync()
    {
        network = new SimulatedNetwork(random);
        await StartPlaneAsync();
        instances.Add(new SimulatedInstance("root", null, random, clock));
        instances.Add(new SimulatedInstance("leaf-1", "root", random, clock));
        instances.Add(new SimulatedInstance("leaf-2", "root", random, clock));

        var faultyMs = random.Next(1000, 6000);
        for (var until = nowMs + faultyMs; nowMs < until;)
        {
            foreach (var instance in instances.Where(_ => random.Next(3) == 0)) instance.Change();
            if (random.Next(400) == 0) instances[random.Next(instances.Count)].Restart();
            if (random.Next(600) == 0) await RestartPlaneAsync();
            Step();
        }
        network.IsFaulty = false;
        for (var until = nowMs + 5000; nowMs < until;) Step();

        foreach (var instance in instances)
        {
            Scans += instance.Reporter.Status.Scans;
            Overflows += instance.Reporter.Status.Overflows;
            if (await DifferenceAsync(instance) is { } difference) return difference;
        }
        await plane.DisposeAsync();
        return null;
    }

    private void Step()
    {
        clock.Advance(TimeSpan.FromMilliseconds(StepMs));
        nowMs += StepMs;
        network.Deliver(nowMs);
        foreach (var instance in instances)
        {
            var reporter = instance.Reporter;
            while (reporter.Next() is { } message) Send(reporter, message);
        }
    }

    private void Send(InstanceReporter reporter, ReporterMessage message)
    {
        // Answers to a former start find a reporter that nobody asks any more.
        if (message.Registration is { } registration)
            Call(() => plane.Instances.RegisterAsync(registration, default), answer => reporter.Take(message.Id, answer));
        else if (message.Heartbeat is { } heartbeat)
            Call(() => plane.Instances.HeartbeatAsync(heartbeat, default), answer => reporter.Take(message.Id, answer));
        else if (message.Batch is { } batch)
            Call(() => plane.Events.ReportAsync(batch, default), answer => reporter.Take(message.Id, answer));
        else
            Call(() => plane.Events.CompareDigestsAsync(message.Query!, default), answer => reporter.Take(message.Id, answer));
    }

    // Without a store the control plane's calls end at once, so that the order of events is the seed's alone.
    private void Call<T>(Func<Task<Result<T>>> call, Action<Result<T>> take) => network.Send(nowMs, () =>
    {
        var answered = call();
        if (!answered.IsCompletedSuccessfully) throw new InvalidOperationException("a call went on by itself");
        var answer = answered.Result;
        network.Send(nowMs, () => take(answer));
    });

    private async Task StartPlaneAsync() =>
        plane = (await InProcessControlPlane.StartAsync(new ControlPlaneOptions(), null, clock, new Random(random.Next()), default)).Value;

    private async Task RestartPlaneAsync()
    {
        PlaneRestarts++;
        await plane.DisposeAsync();
        await StartPlaneAsync();
    }

    private async Task<string?> DifferenceAsync(SimulatedInstance instance)
    {
        var page = await plane.Content.InventoryAsync(instance.Name, null, new PageRequest(null, ControlPlaneLimits.PageItemsMax), default);
        if (!page.IsOk) return $"{instance.Name}: {page.Error}";
        var told = page.Value.Items.ToDictionary(e => e.Key.ToString(), e => (e.SizeBytes, e.Version), StringComparer.Ordinal);
        foreach (var (key, held) in instance.Entries)
        {
            if (!told.Remove(key, out var known)) return $"{instance.Name} has '{key}', which the content map lacks; {instance.Reporter.Status}";
            if (known != held) return $"{instance.Name} has '{key}' as {held}, the content map as {known}; {instance.Reporter.Status}";
        }
        return told.Count > 0 ? $"{instance.Name} lacks '{told.Keys.First()}', which the content map has; {instance.Reporter.Status}" : null;
    }
}
