using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Dashboard;
using Orleans.Hosting;

namespace Hal.Cache.ControlPlane.Orleans.Dashboard;

/// <summary>
/// Orleans' dashboard under a path of the silo's HTTP server, whose authorization is in front of it. It works with the services of the cluster's member, of which
/// the HTTP server has none, so requests go through a pipeline of the member's own.
/// </summary>
internal sealed class ClusterDashboard(Func<IServiceProvider?> member)
{
    private readonly Lock gate = new();
    private IServiceProvider? of;
    private RequestDelegate? pipeline;

    /// <summary>What a silo needs for it. It counts every call of a grain, which each of them pays for.</summary>
    public static void AddTo(ISiloBuilder silo)
    {
        // It would show logs, that is keys, and what is configured, that is passwords.
        silo.AddDashboard(options => options.HideTrace = true);
        silo.Services.AddRouting();
        silo.Services.TryAddSingleton(_ => new DiagnosticListener("Hal.Cache.ControlPlane.Orleans"));
    }

    /// <summary>Answers a request; 503 while the member joins again.</summary>
    public async Task AnswerAsync(HttpContext http)
    {
        if (member() is not { } services)
        {
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }
        var answers = PipelineOf(services);
        var outer = (http.RequestServices, Endpoint: http.GetEndpoint());
        await using var scope = services.CreateAsyncScope();
        try
        {
            // The server's endpoint led here; the pipeline has endpoints of its own.
            http.SetEndpoint(null);
            http.RequestServices = scope.ServiceProvider;
            await answers(http);
        }
        finally
        {
            http.RequestServices = outer.RequestServices;
            http.SetEndpoint(outer.Endpoint);
        }
    }

    private RequestDelegate PipelineOf(IServiceProvider services)
    {
        lock (gate)
        {
            if (pipeline is not null && ReferenceEquals(of, services)) return pipeline;
            var builder = new ApplicationBuilder(services);
            builder.UseRouting();
            builder.UseEndpoints(endpoints => endpoints.MapOrleansDashboard(OrleansMember.DashboardPath));
            (of, pipeline) = (services, builder.Build());
            return pipeline;
        }
    }
}
