using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Tree.Tests;

/// <summary>A scheduler's and an operator's view of a tree: its control plane over HTTP; every wait is bounded.</summary>
internal sealed class PlaneClient(int httpPort) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly HttpClient _http = new() { BaseAddress = new Uri($"http://127.0.0.1:{httpPort}"), Timeout = Patience };

    public PlaneClient(TreeMember host)
        : this(host.HttpPort)
    {
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Whether what the control plane tells of an instance says that it is live.</summary>
    public static bool IsLive(JsonElement instance) =>
        instance.TryGetProperty("registered", out var registered) && registered.ValueKind == JsonValueKind.Object && registered.GetProperty("state").GetString() == "live";

    public async Task<JsonElement> GetAsync(string path) => (await _http.GetFromJsonAsync<JsonElement>(path)).Clone();

    public Task<JsonElement> PostAsync(string path, object body) => SendAsync(HttpMethod.Post, path, body);

    /// <summary>Posts what may be refused.</summary>
    public async Task<(int Status, JsonElement Body)> TryPostAsync(string path, object body)
    {
        using var answer = await _http.PostAsJsonAsync(path, body);
        return ((int)answer.StatusCode, await answer.Content.ReadFromJsonAsync<JsonElement>());
    }

    /// <summary>Puts what may be refused.</summary>
    public async Task<(int Status, JsonElement Body)> TryPutAsync(string path, object body)
    {
        using var answer = await _http.PutAsJsonAsync(path, body);
        return ((int)answer.StatusCode, await answer.Content.ReadFromJsonAsync<JsonElement>());
    }

    public Task<JsonElement> PutAsync(string path, object body) => SendAsync(HttpMethod.Put, path, body);

    public Task<JsonElement> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path, null);

    /// <summary>Waits until these instances, by name in alphabetical order, are the key's holders.</summary>
    public Task HeldByAsync(string key, params string[] holders) => UntilAsync(
        $"/v1/content/location?key={key}",
        answer => answer.GetProperty("holders").EnumerateArray().Where(h => !IsFetching(h)).Select(h => h.GetProperty("instance").GetString()!).Order(StringComparer.Ordinal).SequenceEqual(holders));

    public async Task<JsonElement> UntilAsync(string path, Func<JsonElement, bool> holds)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        var since = System.Diagnostics.Stopwatch.StartNew();
        while (true)
        {
            // What is not there yet is an empty object.
            using var reply = await _http.GetAsync(path);
            var answer = reply.IsSuccessStatusCode ? await reply.Content.ReadFromJsonAsync<JsonElement>() : JsonSerializer.SerializeToElement(new { });
            if (reply.IsSuccessStatusCode && holds(answer)) return answer;
            Assert.True(since.Elapsed < Patience, $"{path} still says {reply.StatusCode} {answer}");
            await timer.WaitForNextTickAsync();
        }
    }

    /// <summary>The first change, of all that are kept and those to come, that is the one.</summary>
    public async Task<JsonElement> ChangeAsync(Func<JsonElement, bool> isTheOne)
    {
        using var limit = new CancellationTokenSource(Patience);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/events?after=0");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/x-ndjson"));
        using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        using var lines = new StreamReader(await answer.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(limit.Token));
        while (await lines.ReadLineAsync(limit.Token) is { } line)
        {
            if (line.Length == 0) continue;
            using var item = JsonDocument.Parse(line);
            foreach (var member in item.RootElement.EnumerateObject().Select(p => p.Value).Where(v => v.ValueKind == JsonValueKind.Object))
            {
                if (member.TryGetProperty("keys_added", out _) && isTheOne(member)) return member.Clone();
            }
        }
        throw new InvalidOperationException("the stream ended");
    }

    private static bool IsFetching(JsonElement holder) => holder.TryGetProperty("fetching", out var fetching) && fetching.GetBoolean();

    private async Task<JsonElement> SendAsync(HttpMethod method, string path, object? body)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using var answer = await _http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{method} {path}: {answer.StatusCode} {text}");
        using var document = JsonDocument.Parse(text.Length == 0 ? "{}" : text);
        return document.RootElement.Clone();
    }
}
