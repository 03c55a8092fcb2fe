using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Instances;
using Hal.Cache.Testing.Time;

namespace Hal.Cache.ContractSuites.ControlPlane;

/// <summary>What every host of the control plane is tested with: a fresh one for each test, on a clock that the test moves.</summary>
public abstract class ControlPlaneContract : IAsyncLifetime
{
    /// <summary>How long a message or notice from another thread may take.</summary>
    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    protected ManualTimeProvider Clock { get; } = new();

    protected IControlPlane Plane { get; private set; } = null!;

    protected static CancellationToken None => CancellationToken.None;

    /// <summary>Starts a control plane with default options and nothing stored.</summary>
    protected abstract Task<IControlPlane> StartAsync(TimeProvider clock);

    protected abstract Task StopAsync();

    public async Task InitializeAsync() => Plane = await StartAsync(Clock);

    public Task DisposeAsync() => StopAsync();

    protected static CacheKey Key(string text) => new(Encoding.UTF8.GetBytes(text));

    protected static void AssertError<T>(CacheErrorCode code, Result<T> result) => Assert.Equal(code, result.Error?.Code);

    protected static InstanceRegistration Registration(string name, string? parent, long epoch = 1) => new()
    {
        Name = name,
        Role = parent is null ? InstanceRole.Root : InstanceRole.Leaf,
        Parent = parent,
        Silo = $"silo-of-{name}",
        Epoch = epoch,
        RespAddress = "127.0.0.1:6379",
        MemoryLimitBytes = 1000,
    };

    protected Task<Result<InstanceLease>> RegisterAsync(string name, string? parent, long epoch = 1) =>
        Plane.Instances.RegisterAsync(Registration(name, parent, epoch), None);

    /// <summary>A root with a branch, under which are two leaves.</summary>
    protected async Task RegisterTreeAsync()
    {
        foreach (var (name, parent) in new[] { ("root", null), ("branch", "root"), ("leaf-1", "branch"), ("leaf-2", "branch") })
            Assert.True((await RegisterAsync(name, parent)).IsOk);
    }

    protected async Task HeartbeatAsync(string instance, long number, InstanceLoad? load = null)
    {
        var lease = await Plane.Instances.HeartbeatAsync(new Heartbeat { Instance = instance, Epoch = 1, Number = number, Load = load ?? new() }, None);
        Assert.True(lease.IsOk, lease.ToString());
    }

    protected ChangeEvent Adds(string instance, long sequence, params (string Key, long Bytes, long Version)[] keys) => new()
    {
        Instance = instance,
        Epoch = 1,
        Sequence = sequence,
        Timestamp = Clock.GetUtcNow(),
        KeysAdded = [.. keys.Select(k => Key(k.Key))],
        KeySizes = [.. keys.Select(k => k.Bytes)],
        KeyVersions = [.. keys.Select(k => k.Version)],
    };

    protected ChangeEvent Removes(string instance, long sequence, params string[] keys) => new()
    {
        Instance = instance,
        Epoch = 1,
        Sequence = sequence,
        Timestamp = Clock.GetUtcNow(),
        KeysEvicted = [.. keys.Select(Key)],
    };

    protected Task<Result<ReportReply>> ReportAsync(params ChangeEvent[] events) =>
        Plane.Events.ReportAsync(new EventBatch { Instance = events[0].Instance, Epoch = events[0].Epoch, Events = events }, None);

    /// <summary>Reports one event that must be taken.</summary>
    protected async Task HoldAsync(string instance, long sequence, params (string Key, long Bytes, long Version)[] keys)
    {
        var reply = await ReportAsync(Adds(instance, sequence, keys));
        Assert.True(reply.IsOk, reply.ToString());
    }

    protected async Task<IReadOnlyList<string>> HoldersAsync(string key) =>
        [.. (await Plane.Content.LocateAsync(Key(key), None)).Value.Holders.Select(h => h.Instance).Order(StringComparer.Ordinal)];

    protected async Task LinkAsync(string from, string to, double latencyMs, double bandwidth, double money = 0)
    {
        var link = await Plane.Topology.SetLinkAsync(
            new LinkSettings { From = from, To = to, Figures = new LinkFigures { LatencyMs = latencyMs, BandwidthBytesPerSecond = bandwidth, MoneyPerGiB = money } }, None);
        Assert.True(link.IsOk, link.ToString());
    }
}
