using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Silo.Tests;

public sealed class SiloProcessTests : SiloHome
{
    [Fact]
    public async Task Version_and_help_answer_and_end()
    {
        await using var version = await SiloRun.FinishAsync(Home, ["--version"]);
        await using var help = await SiloRun.FinishAsync(Home, ["--help"]);

        Assert.Equal((0, Banner.Version + "\n"), (await version.ExitCodeAsync(), version.Output));
        Assert.Equal(0, await help.ExitCodeAsync());
        Assert.All(Silo.Settings.SiloSettings.All, s =>
        {
            Assert.Contains($"{s.Option} <{s.Takes}>", help.Output, StringComparison.Ordinal);
            Assert.Contains($"[default: {s.Default}]", help.Output, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData("hal-cache: --memory is '12'; it must be a size such as 512mb or 2gb, at least 64mb\n", "--memory", "12")]
    [InlineData("hal-cache: --memory is '1gb, 2gb'; it must be given once\n", "--memory", "1gb", "--memory=2gb")]
    [InlineData("hal-cache: --memory must be followed by a value; --help lists the options\n", "--memory")]
    [InlineData("hal-cache: --colour is not an option; --help lists them\n", "--colour", "red")]
    [InlineData("hal-cache: stray is not an option; --help lists them\n", "stray")]
    [InlineData("hal-cache: @stray is not an option; --help lists them\n", "@stray")]
    [InlineData("hal-cache: --listen is '0.0.0.0:6379'; it must be a loopback address as long as requirepass is not set\n", "--listen", "0.0.0.0:6379")]
    public async Task A_bad_command_line_ends_with_2_and_one_line(string errors, params string[] args)
    {
        await using var run = await SiloRun.FinishAsync(Home, args);

        Assert.Equal((2, "", errors), (await run.ExitCodeAsync(), run.Output, run.Errors));
    }

    [Fact]
    public async Task A_bad_variable_ends_with_2_and_one_line()
    {
        await using var run = await SiloRun.FinishAsync(Home, [], ("HAL_POLICY", "fifo"));

        Assert.Equal(
            (2, "", "hal-cache: HAL_POLICY is 'fifo'; it must be one of lru, lfu, s3fifo, noeviction\n"),
            (await run.ExitCodeAsync(), run.Output, run.Errors));
    }

    [Fact]
    public async Task The_banner_tells_what_is_in_force_and_the_ready_line_what_scripts_need()
    {
        var file = Write("c.json", """{ "memory": "100mb", "policy": "lru" }""");

        await using var run = await SiloRun.ServeAsync(
            Home, [.. AnyPort, "--config", file, "--name", "n1", "--disk", "300mb"], ("HAL_POLICY", "lfu"));

        var facts = run.Output.Split('\n').Where(l => l.StartsWith("  ", StringComparison.Ordinal))
            .Select(l => l.Split(' ', 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).ToDictionary(w => w[0], w => w[1]);
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["name"] = "n1",
                ["resp"] = run.Ready["resp"],
                ["http"] = $"http://{run.Ready["http"]}",
                ["dashboard"] = $"http://{run.Ready["http"]}/dashboard",
                ["data"] = Path.Combine(Home, ".local/share/hal-cache/n1"),
                ["memory"] = "100mb",
                ["disk"] = "300mb",
                ["policy"] = "lfu",
                ["durability"] = "commit",
                ["pid"] = $"{run.Pid}",
            },
            facts);
        Assert.Equal($"{run.Pid}", run.Ready["pid"]);
        Assert.DoesNotContain(":0", $"{run.Ready["resp"]} {run.Ready["http"]}".Split(' '));
        using var client = new TcpClient();
        var resp = IPEndPoint.Parse(run.Ready["resp"]);
        await client.ConnectAsync(resp.Address, resp.Port);
    }

    [Fact]
    public async Task The_operators_page_is_served_beside_the_API()
    {
        await using var run = await SiloRun.ServeAsync(Home, [.. AnyPort, "--log-level", "none"]);
        using var client = new HttpClient { BaseAddress = new Uri($"http://{run.Ready["http"]}") };

        var page = await client.GetStringAsync(new Uri("/dashboard/", UriKind.Relative));

        Assert.Contains("<title>HAL Cache</title>", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SiloRun.SigTerm)]
    [InlineData(SiloRun.SigInt)]
    public async Task A_signal_ends_it_with_0_within_10_seconds_though_clients_are_connected(int signal)
    {
        await using var run = await SiloRun.ServeAsync(Home, [.. AnyPort, "--log-level", "none"]);
        var (resp, http) = (IPEndPoint.Parse(run.Ready["resp"]), IPEndPoint.Parse(run.Ready["http"]));
        using var idle = new TcpClient();
        await idle.ConnectAsync(resp.Address, resp.Port);
        using var half = new TcpClient();
        await half.ConnectAsync(http.Address, http.Port);
        await half.GetStream().WriteAsync("GET /health/live HTTP/1.1\r\nHo"u8.ToArray());

        var started = Stopwatch.GetTimestamp();
        run.Signal(signal);

        Assert.Equal((0, ""), (await run.ExitCodeAsync(), run.Errors));
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(10), $"it took {Stopwatch.GetElapsedTime(started)}");
    }

    [Fact]
    public async Task A_second_signal_ends_it_at_once()
    {
        await using var run = await SiloRun.ServeAsync(Home, AnyPort);
        var http = IPEndPoint.Parse(run.Ready["http"]);
        using var slow = new TcpClient();
        await slow.ConnectAsync(http.Address, http.Port);
        // A body that never comes keeps the drain waiting; the answer shows that the request has begun.
        await slow.GetStream().WriteAsync("GET /health/live HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"u8.ToArray());
        Assert.Equal((byte)'H', slow.GetStream().ReadByte());

        run.Signal(SiloRun.SigTerm);
        run.Signal(SiloRun.SigInt);

        Assert.Contains(await run.ExitCodeAsync(), new[] { 128 + SiloRun.SigInt, 128 + SiloRun.SigTerm });
    }

    [Theory]
    [InlineData("--listen", "listen")]
    [InlineData("--http", "http")]
    public async Task A_port_in_use_ends_with_1_and_one_line(string option, string name)
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();

        await using var run = await SiloRun.FinishAsync(Home, [.. AnyPort.Where((_, i) => AnyPort[i / 2 * 2] != option), option, $"{other.LocalEndpoint}"]);

        Assert.Equal(
            (1, "", $"hal-cache: {name} is '{other.LocalEndpoint}'; that address is in use\n"),
            (await run.ExitCodeAsync(), run.Output, run.Errors));
    }

    [Fact]
    public async Task Clients_connect_at_every_address_that_was_given()
    {
        using var free = new TcpListener(IPAddress.IPv6Loopback, 0);
        free.Start();
        var second = (IPEndPoint)free.LocalEndpoint;
        free.Stop();
        await using var silo = await SiloRun.ServeAsync(Home, [.. AnyPort, "--listen", $"{second}"]);

        foreach (var address in new[] { IPEndPoint.Parse(silo.Ready["resp"]), second })
        {
            using var client = new TcpClient(address.AddressFamily);
            await client.ConnectAsync(address);
            await client.GetStream().WriteAsync("*3\r\n$6\r\nCONFIG\r\n$3\r\nGET\r\n$4\r\nbind\r\n"u8.ToArray());
            var reply = new byte["*2\r\n$4\r\nbind\r\n$13\r\n127.0.0.1 ::1\r\n".Length];
            await client.GetStream().ReadExactlyAsync(reply);
            Assert.EndsWith("127.0.0.1 ::1\r\n", System.Text.Encoding.ASCII.GetString(reply), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_port_in_use_names_the_instance_that_wanted_it()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var file = Write("c.json", $$"""
            {
              "memory": "64mb", "disk": "0", "http": "127.0.0.1:0",
              "instances": [
                { "name": "root", "role": "root", "listen": "127.0.0.1:0" },
                { "name": "leaf", "role": "leaf", "parent": "root", "listen": "{{other.LocalEndpoint}}" }
              ]
            }
            """);

        await using var run = await SiloRun.FinishAsync(Home, ["--config", file]);

        Assert.Equal(
            (1, "", $"hal-cache: listen of 'leaf' is '{other.LocalEndpoint}'; that address is in use\n"),
            (await run.ExitCodeAsync(), run.Output, run.Errors));
    }

    [Fact]
    public async Task Without_a_word_about_instances_a_root_a_branch_and_a_leaf_serve()
    {
        // The ports are those that users are told of, so this machine may have them in use: the silo then has to say so.
        await using var run = SiloRun.Start(Home, ["--http", "127.0.0.1:0"]);
        if (!await run.ServesAsync())
        {
            Assert.Equal(1, await run.ExitCodeAsync());
            Assert.Matches(
                "^hal-cache: listen of '(root|branch|leaf)' is '127.0.0.1:63(79|80|81)'; that address is in use; --listen HOST:PORT starts one instance elsewhere", run.Errors);
            return;
        }

        Assert.Equal("127.0.0.1:6379,127.0.0.1:6380,127.0.0.1:6381", run.Ready["resp"]);
        Assert.Equal("+OK", await AskAsync(6381, "SET greeting hello"));
        foreach (var port in new[] { 6379, 6380, 6381 }) Assert.Equal("$5 hello", await AskAsync(port, "GET greeting"));
        using var client = new HttpClient { BaseAddress = new Uri($"http://{run.Ready["http"]}") };
        string[] names = [];
        async Task<bool> AllAreKnownAsync()
        {
            var instances = JsonDocument.Parse(await client.GetStringAsync("/v1/instances")).RootElement.GetProperty("instances");
            names = [.. instances.EnumerateArray().Select(i => i.GetProperty("name").GetString()!).Order(StringComparer.Ordinal)];
            return names is ["branch", "leaf", "root"];
        }
        Assert.True(await Eventually.HoldsAsync(AllAreKnownAsync, SiloRun.Patience), string.Join(", ", names)); // each registers by itself
        Assert.Contains("<title>HAL Cache</title>", await client.GetStringAsync("/"), StringComparison.Ordinal); // what the README tells an operator to open
        foreach (var fact in new[] { "name        root", "name        branch", "parent      branch", "memory      256mb", Path.Combine(Home, ".local/share/hal-cache/leaf") })
            Assert.Contains(fact, run.Output, StringComparison.Ordinal);

        run.Signal(SiloRun.SigTerm);
        Assert.Equal((0, ""), (await run.ExitCodeAsync(), run.Errors));
    }

    [Fact]
    public async Task Files_of_the_current_directory_and_variables_of_the_framework_change_nothing()
    {
        Write("appsettings.json", """{ "Kestrel": { "Endpoints": { "x": { "Url": "http://127.0.0.1:1" } } }, "memory": "nonsense" }""");

        await using var run = await SiloRun.ServeAsync(Home, AnyPort, ("ASPNETCORE_URLS", "http://127.0.0.1:1"), ("DOTNET_ENVIRONMENT", "Development"));

        Assert.NotEqual("127.0.0.1:1", run.Ready["http"]);
    }

    [Fact]
    public async Task HTTP_answers_health_metrics_and_problems()
    {
        await using var run = await SiloRun.ServeAsync(Home, AnyPort);
        using var client = new HttpClient { BaseAddress = new Uri($"http://{run.Ready["http"]}") };

        Assert.Equal("""{"status":"live"}""", await client.GetStringAsync("/health/live"));
        Assert.Equal("ready", JsonDocument.Parse(await client.GetStringAsync("/health/ready")).RootElement.GetProperty("status").GetString());
        Assert.Contains($"hal_cache_build_info{{version=\"{Banner.Version}\"}} 1\n", await client.GetStringAsync("/metrics"), StringComparison.Ordinal);
        Assert.StartsWith("openapi: 3.1", await client.GetStringAsync("/openapi.yaml"), StringComparison.Ordinal);
        using var missing = await client.GetAsync("/v1/instances/nobody/inventory");
        Assert.Equal((HttpStatusCode.NotFound, "application/problem+json"), (missing.StatusCode, missing.Content.Headers.ContentType?.MediaType));
    }

    [Fact]
    public async Task With_a_password_HTTP_asks_for_it_and_any_address_is_served()
    {
        await using var run = await SiloRun.ServeAsync(Home, ["--listen", "0.0.0.0:0", "--http", "0.0.0.0:0"], ("HAL_REQUIREPASS", "hidden!"));
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{IPEndPoint.Parse(run.Ready["http"]).Port}") };

        using var without = await client.GetAsync("/v1/instances");
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "hidden!");
        using var with = await client.GetAsync("/v1/instances");

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.OK), (without.StatusCode, with.StatusCode));
        Assert.DoesNotContain("hidden!", run.Output + run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_garbage_collector_is_the_workstation_one()
    {
        var settings = JsonDocument.Parse(await File.ReadAllTextAsync(Path.ChangeExtension(typeof(SiloCommand).Assembly.Location, ".runtimeconfig.json")));

        // The web SDK's default is a heap per processor, which takes memory that the limits do not know of.
        Assert.False(settings.RootElement.GetProperty("runtimeOptions").GetProperty("configProperties").GetProperty("System.GC.Server").GetBoolean());
    }

    [Fact]
    public async Task Socket_completions_run_inline()
    {
        await using var run = await SiloRun.ServeAsync(Home, AnyPort);

        // With inline completions the runtime has a polling thread per processor, without them one for many.
        var threads = Directory.GetDirectories($"/proc/{run.Pid}/task").Select(t => File.ReadAllText(Path.Combine(t, "comm")).Trim());
        Assert.Equal(Environment.ProcessorCount, threads.Count(name => name.StartsWith(".NET Sockets", StringComparison.Ordinal)));
    }

    private static async Task<string> AskAsync(int port, string command)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        await client.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes(command + "\r\n"));
        using var reader = new StreamReader(client.GetStream());
        var line = await reader.ReadLineAsync();
        return line is ['$', not '-', ..] ? $"{line} {await reader.ReadLineAsync()}" : line!;
    }
}
