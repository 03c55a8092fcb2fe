using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Silo.Tests.Plane;

public sealed class PlaneProcessTests : SiloHome
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly string[] InMemory = ["--memory", "64mb", "--disk", "0"];

    private readonly HttpClient http = new();

    [Fact]
    public async Task Instances_of_two_processes_register_and_report_what_they_hold()
    {
        var secret = Write("secret", "a secret of the cluster");
        await using var root = await SiloRun.ServeAsync(Home, ["--name", "the-root", "--role", "root", "--cluster-secret", secret, .. AnyPort, .. InMemory]);
        var plane = $"http://{root.Ready["http"]}";
        await using var leaf = await SiloRun.ServeAsync(
            Home,
            ["--name", "a-leaf", "--role", "leaf", "--parent", "the-root", "--peer", $"the-root={root.Ready["resp"]}", "--cluster-secret", secret, "--control-plane", plane, .. AnyPort, .. InMemory]);

        await HoldsAsync(() => StateAsync(plane, "the-root"), "live");
        await HoldsAsync(() => StateAsync(plane, "a-leaf"), "live");
        Assert.Equal("+OK", await SendAsync(root, "SET k value"));
        await HoldsAsync(() => HoldersAsync(plane, "k"), "the-root");
        Assert.Equal("$5", await SendAsync(leaf, "GET k"));
        await HoldsAsync(() => HoldersAsync(plane, "k"), "a-leaf,the-root");
        Assert.Equal("*1", await SendAsync(leaf, "HAL.WHERE k"));
        Assert.Equal("*2", await SendAsync(root, "HAL.ROUTE k TO a-leaf PRESET fastest"));
        Assert.Equal(":1", await SendAsync(leaf, "DEL k"));
        await HoldsAsync(() => HoldersAsync(plane, "k"), "");

        leaf.Signal(9);
        await HoldsAsync(() => StateAsync(plane, "a-leaf"), "suspect");
    }

    [Fact]
    public async Task What_was_there_before_the_report_began_and_what_a_flush_took_is_told_too()
    {
        var secret = Write("secret", "a secret of the cluster");
        string[] settings = ["--name", "r", "--role", "root", "--cluster-secret", secret, "--data", Path.Combine(Home, "data"), "--memory", "64mb", "--disk", "256mb", .. AnyPort];
        await using (var first = await SiloRun.ServeAsync(Home, settings))
        {
            for (var i = 0; i < 50; i++) Assert.Equal("+OK", await SendAsync(first, $"SET k{i} v"));
            first.Signal(SiloRun.SigTerm);
            Assert.Equal(0, await first.ExitCodeAsync());
        }

        await using var second = await SiloRun.ServeAsync(Home, settings);
        var plane = $"http://{second.Ready["http"]}";
        await HoldsAsync(() => CopiesAsync(plane), "50");
        Assert.Equal("+OK", await SendAsync(second, "SET more v"));
        await HoldsAsync(() => CopiesAsync(plane), "51");
        Assert.Equal("+OK", await SendAsync(second, "FLUSHALL"));
        await HoldsAsync(() => CopiesAsync(plane), "0");
    }

    [Fact]
    public async Task The_control_planes_records_survive_a_kill_in_the_data_directory()
    {
        string[] settings = ["--data", Path.Combine(Home, "data"), "--memory", "64mb", "--disk", "256mb", .. AnyPort];
        await using (var first = await SiloRun.ServeAsync(Home, settings))
        {
            await PutManifestAsync(first);
            first.Signal(9);
            await first.ExitCodeAsync();
        }

        await using var second = await SiloRun.ServeAsync(Home, settings);
        Assert.Equal("2", await ManifestKeysAsync(second));
    }

    [Fact]
    public async Task The_control_planes_records_are_in_PostgreSQL_where_that_is_named()
    {
        Assert.True(PostgresServer.IsAvailable, "PostgreSQL 15 is not installed, so nothing was shown (apt-get install postgresql-15, or test/run)");
        using var postgres = new PostgresServer();
        string[] settings = ["--postgres", postgres.ConnectionString("postgres"), .. AnyPort, .. InMemory];
        await using (var first = await SiloRun.ServeAsync(Home, settings)) await PutManifestAsync(first);

        await using var second = await SiloRun.ServeAsync(Home, settings);

        Assert.Equal("2", await ManifestKeysAsync(second));
    }

    [Fact]
    public async Task A_silo_whose_control_plane_is_elsewhere_says_where()
    {
        await using var silo = await SiloRun.ServeAsync(Home, ["--control-plane", "http://127.0.0.1:9", .. AnyPort, .. InMemory]);

        using var answer = await http.GetAsync($"http://{silo.Ready["http"]}/v1/content/totals");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Contains("http://127.0.0.1:9", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.StartsWith("-ERR this instance belongs to no tree", await SendAsync(silo, "HAL.WHERE k"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hal-cache: --control-plane is 'ftp://a'; it must be an http or https address, such as http://10.0.0.7:8080\n", "--control-plane", "ftp://a")]
    [InlineData("hal-cache: --postgres is '(not shown)'; it must be a PostgreSQL connection string of Npgsql with a Host\n", "--postgres", "Password=secret")]
    [InlineData("hal-cache: --postgres must be absent where control-plane names another process\n", "--postgres", "Host=db", "--control-plane", "http://a")]
    public async Task A_wrong_address_stops_the_start(string errors, params string[] args)
    {
        await using var run = await SiloRun.FinishAsync(Home, args);

        Assert.Equal((2, errors), (await run.ExitCodeAsync(), run.Errors));
    }

    private static async Task<string> SendAsync(SiloRun silo, string command)
    {
        var endpoint = IPEndPoint.Parse(silo.Ready["resp"]);
        using var client = new TcpClient();
        await client.ConnectAsync(endpoint);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.UTF8.GetBytes(command + "\r\n"));
        using var reader = new StreamReader(stream);
        return (await reader.ReadLineAsync().WaitAsync(Patience))!;
    }

    private static async Task HoldsAsync(Func<Task<string>> look, string wanted)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        var since = System.Diagnostics.Stopwatch.StartNew();
        string seen;
        while ((seen = await look()) != wanted)
        {
            if (since.Elapsed > Patience) Assert.Equal(wanted, seen);
            await timer.WaitForNextTickAsync();
        }
    }

    private async Task<string> StateAsync(string plane, string name)
    {
        using var answer = await http.GetAsync($"{plane}/v1/instances/{name}");
        if (!answer.IsSuccessStatusCode) return $"{answer.StatusCode}";
        using var document = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return document.RootElement.TryGetProperty("registered", out var registered) ? registered.GetProperty("state").GetString()! : "not registered";
    }

    private async Task<string> HoldersAsync(string plane, string key)
    {
        using var document = JsonDocument.Parse(await http.GetStringAsync($"{plane}/v1/content/location?key={key}"));
        return string.Join(',', document.RootElement.GetProperty("holders").EnumerateArray().Select(h => h.GetProperty("instance").GetString()).Order(StringComparer.Ordinal));
    }

    private async Task<string> CopiesAsync(string plane)
    {
        using var document = JsonDocument.Parse(await http.GetStringAsync($"{plane}/v1/content/totals"));
        return document.RootElement.GetProperty("copies").ToString();
    }

    private async Task PutManifestAsync(SiloRun silo)
    {
        using var body = new StringContent("""{"keys":["a","b"]}""", Encoding.UTF8, "application/json");
        using var put = await http.PutAsync($"http://{silo.Ready["http"]}/v1/scheduler/manifests/m", body);
        Assert.True(put.IsSuccessStatusCode, await put.Content.ReadAsStringAsync());
    }

    private async Task<string> ManifestKeysAsync(SiloRun silo)
    {
        using var document = JsonDocument.Parse(await http.GetStringAsync($"http://{silo.Ready["http"]}/v1/scheduler/manifests/m"));
        return document.RootElement.GetProperty("keys").ToString();
    }
}
