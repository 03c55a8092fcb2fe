using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Tree.Tests;

/// <summary>What a control plane in a real silo answers to input that is wrong; a client of that silo goes on all the while.</summary>
public sealed class BadInputTests : IDisposable
{
    private const int Keys = 100_000;
    private const int PageMax = 10_000;
    private const long Epoch = 7;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly JsonSerializerOptions Absent = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    private readonly TreeProcesses _tree = TreeProcesses.Started(new SiloProcessOptions { Memory = "64mb", Disk = "256mb" }, ("root", null));
    private readonly HttpClient _http;
    private readonly RespTestClient _client;

    public BadInputTests()
    {
        _http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_tree["root"].HttpPort}"), Timeout = TimeSpan.FromSeconds(60) };
        _client = new RespTestClient(_tree["root"].Port);
    }

    [Fact]
    public async Task Each_wrong_word_has_its_clear_answer_and_harms_nothing()
    {
        using var plane = new PlaneClient(_tree["root"]);
        await plane.UntilAsync("/v1/instances/root", PlaneClient.IsLive);
        await RegisteredAsync("mid", "branch", "root");
        await RegisteredAsync("low", "branch", "mid");

        await RefusedAsync(await _http.GetAsync("/v1/instances/nobody"), HttpStatusCode.NotFound, "nobody");
        await RefusedAsync(await _http.GetAsync("/v1/content/instances/nobody"), HttpStatusCode.NotFound, "nobody");
        await RefusedAsync(await PostAsync("/v1/routes", new { keys = new[] { "k" }, destination = "nobody" }), HttpStatusCode.NotFound, "nobody");
        await RefusedAsync(await PostAsync("/v1/events", Batch("nobody", Epoch)), HttpStatusCode.NotFound, "nobody");
        await RefusedAsync(await RegisterAsync("mid", "branch", "low"), null, "mid");
        await RefusedAsync(await RegisterAsync("x", "leaf", "nowhere"), null, "nowhere");
        await RefusedAsync(await RegisterAsync("low", "branch", "mid", silo: "another"), HttpStatusCode.Conflict, "low");
        await RefusedAsync(await RegisterAsync("old", "leaf", "root", protocol: 9999), null, "9999");
        await RefusedAsync(await RegisterAsync("mid", "branch", "root", epoch: Epoch - 1), HttpStatusCode.Conflict, "epoch");
        await RefusedAsync(await PostAsync("/v1/events", Batch("mid", Epoch - 1)), HttpStatusCode.Conflict, "epoch");
        await RefusedAsync(await PostAsync("/v1/events", Batch("mid", Epoch + 1)), HttpStatusCode.Conflict, "epoch");
        await RegisteredAsync("second", "root", null);
        await RefusedAsync(await PostAsync("/v1/ownership/second/assign", new { items = new[] { new { first = 0, last = 99 } } }), null, "root");

        foreach (var name in new[] { "x", "old" }) await RefusedAsync(await _http.GetAsync($"/v1/instances/{name}"), HttpStatusCode.NotFound, name);
        var mid = await plane.GetAsync("/v1/instances/mid");
        Assert.Equal(("root", Epoch), (mid.GetProperty("registered").GetProperty("registration").GetProperty("parent").GetString(), mid.GetProperty("registered").GetProperty("registration").GetProperty("epoch").GetInt64()));
    }

    [Fact]
    public async Task A_flood_of_JSON_and_a_prefix_of_very_many_keys_have_bounded_answers_while_clients_are_served()
    {
        using var plane = new PlaneClient(_tree["root"]);
        using (var flood = new HttpRequestMessage(HttpMethod.Post, "/v1/events") { Content = new ByteArrayContent(new byte[100 << 20]) })
        {
            flood.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            flood.Headers.ExpectContinue = true;
            await RefusedAsync(await _http.SendAsync(flood), HttpStatusCode.RequestEntityTooLarge, null);
        }

        for (var from = 0; from < Keys; from += 1000)
        {
            var request = new MemoryStream();
            for (var i = from; i < from + 1000; i++) request.Write(RespTestClient.Encode(RespTestClient.Bytes("SET", $"many:{i:D7}", "v")));
            _client.SendRaw(request.ToArray());
            for (var i = 0; i < 1000; i++) Assert.Equal("OK", _client.Receive().Text);
        }

        await plane.UntilAsync("/v1/content/totals", totals => totals.GetProperty("copies").GetInt64() >= Keys);
        var before = ProcessUsage.ResidentBytes(_tree["root"].Pid);
        await RefusedAsync(await _http.GetAsync($"/v1/content/locations?prefix=many:&limit={PageMax + 1}"), HttpStatusCode.BadRequest, "limit");
        var page = await plane.GetAsync("/v1/content/locations?prefix=many:");
        Assert.InRange(page.GetProperty("items").GetArrayLength(), 1, PageMax);
        Assert.NotEqual(JsonValueKind.Null, page.GetProperty("next").ValueKind);

        // All of them come as lines, and nobody holds them all.
        using var lines = new HttpRequestMessage(HttpMethod.Get, "/v1/content/locations?prefix=many:");
        lines.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/x-ndjson"));
        using var reply = await _http.SendAsync(lines, HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await reply.Content.ReadAsStreamAsync());
        var told = 0;
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2)); // the client's own is over once the headers are there
        while (await reader.ReadLineAsync(limit.Token) is { Length: > 0 })
        {
            if (++told % 10_000 == 0) Assert.Equal("v", _client.Command("GET", $"many:{told - 1:D7}").Text);
        }

        Assert.Equal(Keys, told);
        var growth = ProcessUsage.ResidentBytes(_tree["root"].Pid) - before;
        Assert.True(growth < 128L << 20, $"memory grew by {growth} bytes");
    }

    [Fact]
    public async Task A_silo_with_another_secret_starts_and_every_refusal_says_why()
    {
        using var home = new TempDirectory("other-secret");
        File.WriteAllText(home.Combine("secret"), "another secret of another tree");
        var (port, http) = (FreePort.Next(), FreePort.Next());
        using var stranger = new ChildProcess(
            "dotnet",
            [
                "exec", RepositoryPaths.SiloAssembly()!, "--name", "stranger", "--role", "leaf", "--parent", "root", "--peer", $"root=127.0.0.1:{_tree["root"].Port}",
                "--listen", $"127.0.0.1:{port}", "--http", $"127.0.0.1:{http}", "--memory", "64mb", "--disk", "0", "--cluster-secret", home.Combine("secret"),
            ],
            line => line.StartsWith("ready", StringComparison.Ordinal));
        stranger.WaitReady(Patience);
        using var client = new RespTestClient(port);

        Assert.True(await Eventually.HoldsAsync(() => client.Command("GET", "k").Text is var text && Says(text), Patience), client.Command("GET", "k").Text);
        Assert.True(client.Command("SET", "k", "v").Text is var refused && Says(refused), refused);
        Assert.True(_client.Command("GET", "k").IsNull);

        static bool Says(string text) => text.StartsWith("TRYAGAIN", StringComparison.Ordinal) && text.Contains("another cluster secret", StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _client.Dispose();
        _http.Dispose();
        _tree.Dispose();
    }

    private async Task RegisteredAsync(string name, string role, string? parent)
    {
        using var answer = await RegisterAsync(name, role, parent);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    private Task<HttpResponseMessage> RegisterAsync(string name, string role, string? parent, string silo = "one", int protocol = 1, long epoch = Epoch) =>
        SendAsync(HttpMethod.Put, $"/v1/instances/{name}", new { name, role, parent, silo, epoch, respAddress = "127.0.0.1:1", protocolVersion = protocol });

    private Task<HttpResponseMessage> PostAsync(string path, object body) => SendAsync(HttpMethod.Post, path, body);

    private Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, object body) =>
        _http.SendAsync(new HttpRequestMessage(method, path) { Content = new StringContent(JsonSerializer.Serialize(body, Absent), Encoding.UTF8, "application/json") });

    private static object Batch(string instance, long epoch) => new { instance, epoch, events = Array.Empty<object>(), marks = Array.Empty<object>(), fetches = Array.Empty<object>() };

    // A problem with a detail that says what is wrong; and clients are served on.
    private async Task RefusedAsync(HttpResponseMessage answer, HttpStatusCode? status, string? says)
    {
        using (answer)
        {
            var text = await answer.Content.ReadAsStringAsync();
            Assert.InRange((int)answer.StatusCode, 400, 499);
            if (status is { } wanted) Assert.True(wanted == answer.StatusCode, $"{answer.StatusCode}: {text}");
            Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
            using var problem = JsonDocument.Parse(text);
            if (says is not null) Assert.Contains(says, problem.RootElement.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }

        Assert.Equal("PONG", _client.Command("PING").Text);
    }
}
