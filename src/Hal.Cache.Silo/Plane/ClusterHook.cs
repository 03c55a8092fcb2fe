using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Silo.Settings;
#if HAL_ORLEANS
using Hal.Cache.ControlPlane.Orleans;
using Hal.Cache.Silo.Telemetry;
#endif

namespace Hal.Cache.Silo.Plane;

/// <summary>The one place where the silo meets Orleans; a build without it says so.</summary>
internal static class ClusterHook
{
#if HAL_ORLEANS
    /// <summary>The path of the cluster's dashboard and what answers there; null where this member has none.</summary>
    public static (string Path, RequestDelegate Answer)? DashboardOf(object membership) =>
#if HAL_ORLEANS_DASHBOARD
        membership is OrleansMember { Dashboard: { } answer } ? (OrleansMember.DashboardPath, answer) : null;
#else
        null;
#endif

    /// <summary>Joins the cluster; answers its control plane, and what has to be disposed of to leave.</summary>
    public static async Task<Result<(IControlPlane Plane, IAsyncDisposable Membership)>> JoinAsync(
        SiloOptions options, IControlPlaneStore? store, ILoggerFactory loggers, CancellationToken cancellation)
    {
#if !HAL_ORLEANS_DASHBOARD
        if (options.HasClusterDashboard)
            return new CacheError(
                CacheErrorCode.Invalid, "cluster-dashboard is 'on'; this build is without Orleans' dashboard, build it with -p:HalOrleansDashboard=true");
#endif
        var joined = await OrleansMember.JoinAsync(
            new OrleansMemberOptions
            {
                ClusterId = options.ClusterId,
                Name = options.Instances[0].Name,
                Listen = options.ClusterListen,
                Gateway = options.ClusterGateway,
                Postgres = options.Postgres,
                PropagatesTraces = TelemetrySettings.Read(options.Otlp).HasTraces,
                HasDashboard = options.HasClusterDashboard,
                Secret = options.ClusterSecretFile.Length > 0 ? options.ClusterSecret : [],
            },
            new Resources(store),
            loggers,
            cancellation);
        return joined.IsOk ? (joined.Value.Plane, joined.Value) : joined.Error;
    }

    private sealed class Resources(IControlPlaneStore? store) : ITreeResources
    {
        public TimeProvider Clock(string tree) => TimeProvider.System;

        public IControlPlaneStore? Store(string tree) => store;
    }
#else
    public static (string Path, RequestDelegate Answer)? DashboardOf(object membership) => null;

    /// <summary>Says what to do: this build has no Orleans.</summary>
    public static Task<Result<(IControlPlane Plane, IAsyncDisposable Membership)>> JoinAsync(
        SiloOptions options, IControlPlaneStore? store, ILoggerFactory loggers, CancellationToken cancellation) =>
        Task.FromResult<Result<(IControlPlane, IAsyncDisposable)>>(new CacheError(
            CacheErrorCode.Invalid, "cluster is 'orleans'; this build is without Orleans, build it with -p:HalOrleans=true, or use control-plane"));
#endif
}
