using System.Net;
using Hal.Cache.Contracts;
using Hal.Cache.ControlPlane.Http;
using Hal.Cache.Dashboard;
using Hal.Cache.Silo.Plane;
using Hal.Cache.Silo.Settings;
using Hal.Cache.Silo.Telemetry;
using Hal.Cache.Transport;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Console;

namespace Hal.Cache.Silo;

/// <summary>One silo from start to stop: opens the instance, listens, says that it is ready, drains, closes.</summary>
internal sealed class SiloHost : IAsyncDisposable
{
    /// <summary>How long connections may take to finish what they have begun; they are cut then.</summary>
    public static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(5);

    /// <summary>How long a stop may take in all; the process ends then, with a failure.</summary>
    public static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(9);

    /// <summary>How long the instances of one process may take to reach their root before the silo says that it serves all the same.</summary>
    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    private readonly WebApplication app;
    private readonly Listeners listeners;

    private SiloHost(WebApplication app, Listeners listeners) => (this.app, this.listeners) = (app, listeners);

    /// <summary>Where the first instance takes RESP.</summary>
    public IPEndPoint Resp => listeners.Resp[0].IPEndPoint!;

    public IPEndPoint Http => listeners.Http!.IPEndPoint!;

    /// <summary>Runs until a signal asks for the end; returns the process's exit code.</summary>
    public static async Task<int> RunAsync(SiloOptions options)
    {
        using var signals = new StopSignals();
        // Goes last: what is disposed of below belongs to the stop, and may hang as well.
        using var deadline = new Timer(_ => CutStop());
        var exported = TelemetrySettings.Read(options.Otlp);
        using var loggers = LoggerFactory.Create(logging =>
        {
            Configure(logging, options.LogLevel);
            TelemetryPipeline.AddTo(logging, exported, options);
        });
        try
        {
            using var telemetry = TelemetryPipeline.Start(exported, options, loggers);
            var clients = OpenFiles.ClientsFor(OpenFiles.Limit(), options.Instances.Count, options.Instances.Sum(i => i.MemoryOnly ? 0 : i.DiskBytes));
            if (clients.Error is { } tooFew) return SiloCommand.Fail(tooFew.Message);
            var directory = new PeerDirectory();
            using var transport = EpollTransport.IsSupported ? new EpollTransport() : null;
            await using var instances = new SiloInstances();
            foreach (var each in options.Instances)
            {
                foreach (var peer in each.Peers) directory.Add(peer);
                var opened = await SiloInstance.OpenAsync(each, clients.Value, directory, transport, loggers, signals.Requested);
                if (opened.Error is { } error)
                {
                    var code = SiloCommand.Fail(error.Message);
                    return error.Code == CacheErrorCode.Invalid ? ExitCode.BadSetting : code;
                }
                opened.Value.Shutdown = signals.Request;
                instances.All.Add(opened.Value);
            }
            var planned = await SiloPlane.OpenAsync(options, loggers, signals.Requested);
            if (planned.Error is { } unplanned) return SiloCommand.Fail(unplanned.Message);
            await using var plane = planned.Value;
            await using var host = await StartAsync(options, instances.All, directory, transport, plane, loggers, signals.Requested);
            plane.Start(instances.All, host.Http);
            await instances.WaitForTreeAsync(ConnectTimeout, signals.Requested);
            Banner.Write(Console.Out, options, [.. host.listeners.Resp.Select(l => l.IPEndPoint!)], host.Http);
            await signals.WaitAsync();
            deadline.Change(StopTimeout, Timeout.InfiniteTimeSpan);
            await plane.StopAsync();
            await host.StopAsync();
            await instances.DisposeAsync();
            telemetry?.Dispose(); // while the deadline runs
            return ExitCode.Ok;
        }
        catch (OperationCanceledException) when (signals.Requested.IsCancellationRequested)
        {
            return ExitCode.Ok; // stopped before it was ready
        }
        catch (Exception failure)
        {
            return SiloCommand.Fail(StartFailure.Describe(failure, options));
        }
    }

    public static async Task<SiloHost> StartAsync(
        SiloOptions options, IReadOnlyList<SiloInstance> instances, PeerDirectory directory, EpollTransport? transport, SiloPlane plane, ILoggerFactory loggers,
        CancellationToken cancellation)
    {
        // An empty builder: no appsettings.json of the current directory, no ASPNETCORE_URLS; settings come from SiloOptions alone.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "Hal.Cache.Silo" });
        var listeners = new Listeners();
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton(typeof(ILogger<>), typeof(Logger<>));
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.AddSingleton<ProcessMetrics>();
        builder.Services.AddControlPlaneHttp(new ControlPlaneHttpOptions
        {
            Instances = [.. instances.Select(i => i.Instance)],
            Match = SiloInstance.Match,
            Secret = options.RequirePass,
            Plane = plane.Hosted,
            PlaneElsewhere = options.ControlPlane?.ToString(),
        });
        builder.WebHost.UseKestrelCore();
        // A request runs on the thread that its bytes arrived on. Nothing of ours blocks there: what waits or runs long goes to the pool.
        builder.WebHost.UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true);
        if (transport is not null)
            builder.Services.AddSingleton<IConnectionListenerFactory>(transport); // takes the RESP endpoint from the sockets
        builder.WebHost.ConfigureKestrel(kestrel => listeners.Configure(kestrel, options, instances));
        var app = builder.Build();
        app.MapControlPlane();
        app.MapDashboard();
        if (plane.Dashboard is { } dashboard) app.Map(dashboard.Path + "/{**rest}", dashboard.Answer);
        app.Services.GetRequiredService<ProcessMetrics>();
        var host = new SiloHost(app, listeners);
        try
        {
            await app.StartAsync(cancellation);
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
        for (var i = 0; i < instances.Count; i++) directory.Add(instances[i].Options.Name, listeners.Resp[i].IPEndPoint!);
        for (var i = 0; i < instances.Count; i++) instances[i].Listening(listeners.Resp[i].IPEndPoint!);
        return host;
    }

    /// <summary>Accepts no more, lets connections finish within <see cref="DrainTimeout"/>, then cuts them.</summary>
    public async Task StopAsync()
    {
        using var drain = new CancellationTokenSource(DrainTimeout);
        await app.StopAsync(drain.Token);
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private static void CutStop() => Environment.Exit(SiloCommand.Fail($"the stop took longer than {StopTimeout.TotalSeconds} s and was cut"));

    private static void Configure(ILoggingBuilder logging, LogLevel level)
    {
        logging.SetMinimumLevel(level);
        // Kestrel says about every client's broken request what that client has been told already.
        logging.AddFilter("Microsoft.AspNetCore", level > LogLevel.Debug ? LogLevel.Error : level);
        // Advice about the runtime's settings and every probe that is late: what matters of it is an error.
        logging.AddFilter("Orleans", level > LogLevel.Debug ? LogLevel.Error : level);
        // What it says about a failed start is told by StartFailure, in one line.
        logging.AddFilter("Microsoft.Extensions.Hosting", level > LogLevel.Debug ? LogLevel.None : level);
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            console.ColorBehavior = LoggerColorBehavior.Disabled;
        });
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    }

    // Signals are ours: the host's own handling has neither a second signal nor a deadline.
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
