using System.Net;
using System.Security.Cryptography;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Instances;
using Hal.Cache.ControlPlane.Reporting;
using Hal.Cache.Node;
using Hal.Cache.Node.Pins;
using Hal.Cache.Silo.Settings;
using Hal.Cache.Storage;

namespace Hal.Cache.Silo.Plane;

/// <summary>One instance's registration, heartbeats and changes, on their way to the control plane for as long as it runs.</summary>
internal sealed partial class InstanceReports : IAsyncDisposable
{
    private const string IdentityName = "hal-silo";
    private const string EpochName = "hal-report-epoch";
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Measuring = TimeSpan.FromSeconds(1);

    // A parent that registers a moment later, or a control plane that was started again, is no news.
    private static readonly TimeSpan RefusalPatience = TimeSpan.FromSeconds(5);

    private readonly SiloInstance instance;
    private readonly StoreReporter changes;
    private readonly TransferLog transfers;
    private readonly InstanceReporter reporter;
    private readonly CancellationTokenSource stopping = new();
    private readonly ILogger logger;
    private readonly Task loop;
    private readonly Task prestaging;
    private readonly Task pinning;
    private readonly RoundTrips? roundTrips;
    private readonly Task measuringRoundTrips = Task.CompletedTask;
    private readonly ITimer measuring;
    private CacheError? told;
    private long takenAt = TimeProvider.System.GetTimestamp();

    public InstanceReports(SiloInstance instance, IPEndPoint http, IControlPlane plane, ILogger<InstanceReports> logger)
    {
        (this.instance, this.logger) = (instance, logger);
        var store = instance.Keyspace.Store;
        transfers = new TransferLog(instance.Options.Name, TimeProvider.System);
        changes = new StoreReporter(instance.Keyspace, transfers);
        // What the store recovered is not known by its digests; the first comparison counts it.
        reporter = new InstanceReporter(Registration(instance, http), new ReporterOptions(), changes, TimeProvider.System, startsEmpty: false);
        changes.Reporter = reporter;
        store.AddSink(changes);
        instance.Keyspace.Retrievals.Sink = changes;
        loop = Task.Run(() => new ReporterLoop(reporter, plane, TimeProvider.System, Tick).RunAsync(stopping.Token));
        var prestage = new PrestageWorker(instance.Options.Name, plane, instance.Keyspace, () => reporter.Status.PrestageWaiting, TimeProvider.System);
        prestaging = Task.Run(() => prestage.RunAsync(stopping.Token));
        var pins = new PinKeeper(instance.Options.Name, plane, instance.Keyspace, () => reporter.Status.PinsRevision, TimeProvider.System);
        pinning = Task.Run(() => pins.RunAsync(stopping.Token));
        instance.Keyspace.Reads = new ReadSampler();
        if (instance is { Options: { Parent.Length: > 0 } options, Peers: { } peers })
        {
            roundTrips = new RoundTrips(options.Name, [options.Parent, .. options.Roots.Names], transfers, peers, TimeProvider.System);
            measuringRoundTrips = Task.Run(() => roundTrips.RunAsync(stopping.Token));
        }
        measuring = TimeProvider.System.CreateTimer(_ => Measure(), null, TimeSpan.Zero, Measuring);
    }

    public async ValueTask DisposeAsync()
    {
        await measuring.DisposeAsync();
        await stopping.CancelAsync();
        await loop;
        await prestaging;
        await pinning;
        await measuringRoundTrips;
        instance.Keyspace.Reads = null;
        instance.Keyspace.Pins.Keep(PinSelection.Empty);
        instance.Keyspace.Retrievals.Sink = null;
        instance.Keyspace.Store.RemoveSink(changes);
        stopping.Dispose();
    }

    private static InstanceRegistration Registration(SiloInstance instance, IPEndPoint http)
    {
        var options = instance.Options;
        var status = instance.Instance.Status();
        return new InstanceRegistration
        {
            Name = options.Name,
            Role = options.Role ?? InstanceRole.Root,
            Parent = options.Parent.Length > 0 ? options.Parent : null,
            Silo = Identity(options).ToString("x16", System.Globalization.CultureInfo.InvariantCulture),
            Epoch = (long)Epoch(options),
            RespAddress = instance.Instance.RespAddress,
            HttpAddress = http.ToString(),
            EvictionPolicy = options.Policy,
            MemoryLimitBytes = status.MemoryLimitBytes,
            DiskLimitBytes = status.DiskLimitBytes,
            Slots = options is { Role: InstanceRole.Root, RootSlots.Count: > 0 } ? options.Roots.SlotsOf(options.Name) : null,
        };
    }

    private static ulong Identity(SiloOptions options)
    {
        var random = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        return options.MemoryOnly ? random : new DurableCounter(options.Data, IdentityName, random).Value;
    }

    // The first one comes from the clock, so that a data directory that was emptied does not begin below its predecessor.
    private static ulong Epoch(SiloOptions options)
    {
        var now = (ulong)TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        return options.MemoryOnly ? now : new DurableCounter(options.Data, EpochName, now).Next();
    }

    private void Measure()
    {
        var (status, keyspace, store) = (instance.Instance.Status(), instance.Keyspace.Statistics, instance.Keyspace.Store.Statistics);
        var tree = instance.Keyspace.Tree;
        var traffic = instance.Traffic;
        reporter.Measured(
            new InstanceLoad
            {
                Keys = status.Keys,
                MemoryBytes = status.MemoryBytes,
                DiskBytes = status.DiskBytes,
                HitsTotal = keyspace.Hits,
                MissesTotal = keyspace.Misses,
                EvictionsTotal = store.Evicted,
                OriginBytesTotal = keyspace.OriginBytesRead,
                QueuedBytes = tree?.BytesQueued ?? 0,
                Clients = traffic.Clients,
                ClientBytesTotal = traffic.BytesSent,
                PinnedBytes = instance.Keyspace.Pins.Bytes,
                PeerFetches = tree?.FetchesServed ?? 0,
            },
            [.. transfers.Take(), .. roundTrips?.Take() ?? []],
            instance.Keyspace.Reads?.Take(ControlPlaneLimits.HeartbeatKeysMax) ?? []);
        var refused = reporter.Status.Refused;
        if (refused is null) takenAt = TimeProvider.System.GetTimestamp();
        else if (TimeProvider.System.GetElapsedTime(takenAt) < RefusalPatience) return;
        if (refused == told) return;
        told = refused;
        if (refused is null) LogTaken(instance.Options.Name);
        else LogRefused(instance.Options.Name, refused.ToString());
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The control plane does not take the reports of {Name}: {Why}")]
    private partial void LogRefused(string name, string why);

    [LoggerMessage(Level = LogLevel.Information, Message = "The control plane takes the reports of {Name}")]
    private partial void LogTaken(string name);
}
