using Hal.Cache.Benchmarks.Servers;
using Hal.Cache.Client;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Hosting;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Benchmarks.Load.Cluster;

/// <summary>A control plane as a caller has it: in its process, over HTTP, or over the grains of silos; with the processes that are behind it.</summary>
internal sealed class PlaneSeat : IAsyncDisposable
{
    private readonly Stack<object> owned = [];

    private PlaneSeat()
    {
    }

    public IControlPlane Plane { get; private set; } = null!;

    /// <summary>Processes of silos; none where the control plane is in this one.</summary>
    public IReadOnlyList<int> Pids { get; private set; } = [];

    public static async Task<PlaneSeat> InProcessAsync(CancellationToken cancel)
    {
        var plane = await InProcessControlPlane.StartAsync(new ControlPlaneOptions(), null, TimeProvider.System, new Random(1), cancel);
        if (!plane.IsOk)
            throw new BenchmarkException($"the control plane did not start: {plane.Error.Message}");
        var seat = new PlaneSeat { Plane = plane.Value };
        seat.owned.Push(plane.Value);
        return seat;
    }

    public static PlaneSeat Http()
    {
        var silo = SiloProcess.Started(new SiloProcessOptions { Memory = "64mb", Disk = "256mb" });
        var client = new HttpControlPlane(new ControlPlaneClientOptions { Url = new Uri($"http://{TreeInstance.Address(silo.HttpPort)}") }, TimeProvider.System);
        var seat = new PlaneSeat { Plane = client, Pids = [silo.Pid] };
        seat.owned.Push(silo);
        seat.owned.Push(client);
        return seat;
    }

    /// <summary>Silos that meet in a PostgreSQL of their own, and a client of their grains.</summary>
    public static async Task<PlaneSeat> ClusterAsync(int silos, CancellationToken cancel)
    {
        var seat = new PlaneSeat();
        try
        {
            var database = new PostgresServer();
            seat.owned.Push(database);
            var members = new List<ClusterSilo>();
            for (var i = 0; i < silos; i++)
            {
                members.Add(new ClusterSilo(database.ConnectionString("postgres")));
                seat.owned.Push(members[^1]);
            }
            foreach (var member in members)
                member.WaitReady();
            var client = await ClusterClient.StartAsync([.. members.Select(m => m.Gateway)], cancel);
            seat.owned.Push(client);
            (seat.Plane, seat.Pids) = (client.Plane, [.. members.Select(m => m.Pid)]);
            return seat;
        }
        catch
        {
            await seat.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var each in owned)
        {
            if (each is IAsyncDisposable asynchronous)
                await asynchronous.DisposeAsync();
            else
                ((IDisposable)each).Dispose();
        }
    }
}
