using System.Net;
using System.Security.Cryptography;
using Hal.Cache.Client;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Instances;
using Hal.Cache.ControlPlane.Hosting;
using Hal.Cache.Persistence;
using Hal.Cache.Silo.Settings;

namespace Hal.Cache.Silo.Plane;

/// <summary>
/// The control plane of a silo: in this process, with its records in a file or in PostgreSQL, or another process's by HTTP; and the
/// reports of this silo's instances to it.
/// </summary>
internal sealed class SiloPlane : IAsyncDisposable
{
    private const string Folder = "control-plane";

    // Less than a call of a grain may take, so that who calls hears what is wrong with the database, and not that there was no answer.
    private static readonly TimeSpan StoreTimeMax = TimeSpan.FromSeconds(1.5);

    private readonly IControlPlane? plane;
    private readonly IReadOnlyList<object> owned;
    private readonly ILoggerFactory loggers;
    private readonly List<InstanceReports> reports = [];

    private SiloPlane(IControlPlane? plane, IControlPlane? hosted, IReadOnlyList<object> owned, ILoggerFactory loggers) =>
        (this.plane, Hosted, this.owned, this.loggers) = (plane, hosted, owned, loggers);

    /// <summary>What HTTP serves; null where another process has it, or nobody.</summary>
    public IControlPlane? Hosted { get; }

    /// <summary>The dashboard of the cluster, for the HTTP server; null where there is none.</summary>
    public (string Path, RequestDelegate Answer)? Dashboard => owned.Select(ClusterHook.DashboardOf).FirstOrDefault(d => d is not null);

    public static async Task<Result<SiloPlane>> OpenAsync(SiloOptions options, ILoggerFactory loggers, CancellationToken cancellation)
    {
        if (options.ControlPlane is { } url)
        {
            var client = new HttpControlPlane(new ControlPlaneClientOptions { Url = url, Secret = options.RequirePass }, TimeProvider.System);
            return new SiloPlane(client, null, [client], loggers);
        }
        if (options.IsClustered) return await JoinAsync(options, loggers, cancellation);
        // A part of a tree whose upper instances are elsewhere can't know the whole; a plane of its own would only tell half-truths.
        if (options.Instances.Any(i => i.Parent.Length > 0 && options.Instances.All(other => other.Name != i.Parent))
            || options.Instances.Any(i => i.Role == InstanceRole.Root && options.Instances.All(other => other.Name != i.Root)))
            return new SiloPlane(null, null, [], loggers);

        var store = Store(options);
        var started = await InProcessControlPlane.StartAsync(
            new ControlPlaneOptions(), store, TimeProvider.System, new Random(RandomNumberGenerator.GetInt32(int.MaxValue)), cancellation);
        if (started.IsOk) return new SiloPlane(started.Value, started.Value, store is null ? [started.Value] : [started.Value, store], loggers);
        await DisposeAsync(store);
        return started.Error;
    }

    // The database is asked first: what is wrong with it is said better by the store, which also makes the tables that members meet in.
    private static async Task<Result<SiloPlane>> JoinAsync(SiloOptions options, ILoggerFactory loggers, CancellationToken cancellation)
    {
        var store = Store(options);
        var error = store is null ? null : await ClusterIdentity.CheckAsync(options, store, cancellation);
        if (error is null)
        {
            if (store is PostgresControlPlaneStore database) await ClusterClock.CheckAsync(database, loggers.CreateLogger(nameof(ClusterClock)), cancellation);
            var joined = await ClusterHook.JoinAsync(options, store, loggers, cancellation);
            if (joined.IsOk)
            {
                var (plane, membership) = joined.Value;
                return new SiloPlane(plane, plane, store is null ? [membership] : [membership, store], loggers);
            }
            error = joined.Error;
        }
        await DisposeAsync(store);
        return error;
    }

    /// <summary>Begins to report, once the listeners are bound.</summary>
    public void Start(IReadOnlyList<SiloInstance> instances, IPEndPoint http)
    {
        if (plane is null) return;
        foreach (var instance in instances)
        {
            // An instance that stands alone belongs to no tree; its silo may still host the control plane of one.
            if (instance.Options.Role is null) continue;
            instance.Plane = plane;
            reports.Add(new InstanceReports(instance, http, plane, loggers.CreateLogger<InstanceReports>()));
        }
    }

    /// <summary>Ends the reports; the control plane answers on.</summary>
    public async Task StopAsync()
    {
        foreach (var report in reports) await report.DisposeAsync();
        reports.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        foreach (var each in owned) await DisposeAsync(each);
    }

    private static IControlPlaneStore? Store(SiloOptions options)
    {
        if (options.Postgres is { } connection)
            return new PostgresControlPlaneStore(new PostgresStoreOptions { ConnectionString = connection, CallTimeMax = StoreTimeMax }, TimeProvider.System);
        return options.Instances.FirstOrDefault(i => !i.MemoryOnly) is { } kept ? new FileControlPlaneStore(Path.Combine(kept.Data, Folder)) : null;
    }

    private static async ValueTask DisposeAsync(object? each)
    {
        if (each is IAsyncDisposable asynchronous) await asynchronous.DisposeAsync();
        else (each as IDisposable)?.Dispose();
    }
}
