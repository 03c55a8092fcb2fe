#if HAL_ORLEANS_DASHBOARD
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
#endif
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.ControlPlane.Orleans.Tests;

/// <summary>Orleans' dashboard under a silo's HTTP port, where the build has it.</summary>
public sealed class ClusterDashboardTests
{
#if HAL_ORLEANS_DASHBOARD
    [Fact]
    public async Task The_dashboard_is_under_the_http_port_and_asks_for_the_token()
    {
        using var directory = new TempDirectory("dashboard");
        var port = FreePort.Next();
        using var silo = Silo(directory.Combine("data"), port);
        silo.WaitReady(ClusterTree.Patience);
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = ClusterTree.Patience };

        using var refused = await http.GetAsync("orleans/version");
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "pw");
        var page = await http.GetStringAsync("orleans/");
        using var counters = JsonDocument.Parse(await http.GetStringAsync("orleans/DashboardCounters"));
        using var logs = await http.GetAsync("orleans/Trace");
        using var own = await http.GetAsync("v1/batches");

        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Contains("<html", page, StringComparison.OrdinalIgnoreCase);
        Assert.Equal("Active", counters.RootElement.GetProperty("hosts").EnumerateArray().Single().GetProperty("status").GetString());
        Assert.Equal(HttpStatusCode.Forbidden, logs.StatusCode);
        Assert.Equal(HttpStatusCode.OK, own.StatusCode);
    }
#else
    [Fact]
    public void A_build_without_the_dashboard_says_so_at_the_start()
    {
        using var directory = new TempDirectory("dashboard");
        using var silo = Silo(directory.Combine("data"), FreePort.Next());

        Assert.NotEqual(0, silo.WaitExit(ClusterTree.Patience));
        Assert.Contains("-p:HalOrleansDashboard=true", silo.Output, StringComparison.Ordinal);
    }
#endif

    private static ChildProcess Silo(string data, int port) => new(
        "dotnet",
        [
            "exec", RepositoryPaths.SiloAssembly()!, "--listen", $"127.0.0.1:{FreePort.Next()}", "--http", $"127.0.0.1:{port}", "--data", data,
            "--memory", "64mb", "--disk", "0",
            "--cluster", "orleans", "--cluster-listen", $"127.0.0.1:{FreePort.Next()}", "--cluster-dashboard", "on", "--requirepass", "pw",
        ],
        line => line.StartsWith("ready", StringComparison.Ordinal));
}
