using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Instances;
using Hal.Cache.ContractSuites.ControlPlane;
using Hal.Cache.ControlPlane.Hosting;

namespace Hal.Cache.Client.Tests;

/// <summary>Bodies that lack something, at every operation that takes one, with the control plane that ships behind it.</summary>
public sealed class RequestBodyTests : IAsyncLifetime, IDisposable
{
    private InProcessControlPlane plane = null!;
    private PlaneServer server = null!;
    private HttpClient http = null!;

    /// <summary>Method, path, what it takes, and what <c>openapi.yaml</c> requires of that.</summary>
    public static TheoryData<string, string, Type, string> Operations => new()
    {
        { "PUT", "/v1/instances/leaf-1.x_Y", typeof(InstanceRegistration), "name role silo epoch respAddress" },
        { "POST", "/v1/instances/a/heartbeat", typeof(Heartbeat), "instance epoch number" },
        { "POST", "/v1/content/locations", typeof(KeySelection), "" },
        { "PUT", "/v1/topology/links/a/b", typeof(LinkFigures), "" },
        { "POST", "/v1/topology/observations", typeof(Page<LinkObservation>), "items items.0.from items.0.to" },
        { "POST", "/v1/routes", typeof(RouteRequest), "keys destination" },
        { "POST", "/v1/routes/failures", typeof(RouteFailure), "source destination key reason" },
        { "POST", "/v1/ownership/owner", typeof(KeySelection), "" },
        { "POST", "/v1/ownership/a/assign", typeof(Page<SlotRange>), "items items.0.first items.0.last" },
        { "POST", "/v1/ownership/a/release", typeof(Page<SlotRange>), "items items.0.first items.0.last" },
        {
            "POST", "/v1/events", typeof(EventBatch),
            "instance epoch events.0.instance events.0.epoch events.0.sequence events.0.timestamp marks.0.sequence marks.0.begins marks.0.slots.0.first marks.0.slots.0.last fetches.0.key"
        },
        { "POST", "/v1/events/digests", typeof(DigestQuery), "instance epoch sequence level digests digests.0.index" },
        { "POST", "/v1/scheduler/affinity", typeof(AffinityRequest), "selection" },
        { "PUT", "/v1/scheduler/manifests/m", typeof(KeySelection), "prefixes.0.start" },
        { "POST", "/v1/scheduler/prestage", typeof(PrestageRequest), "selection instances selection.prefixes.0.start" },
        { "POST", "/v1/scheduler/prestage/job/progress", typeof(PrestageProgress), "job instance" },
        { "POST", "/v1/scheduler/pins", typeof(PinRequest), "instance selection selection.prefixes.0.start" },
        { "PUT", "/v1/batches/b", typeof(BatchRequest), "" },
    };

    /// <summary>Bodies with fewer or more items than <c>openapi.yaml</c> says, or figures beyond it.</summary>
    public static TheoryData<string, string> Beyond => new()
    {
        { "/v1/routes", """{"keys":[],"destination":"a"}""" },
        { "/v1/routes", $$"""{"keys":{{Many("\"k\"", ControlPlaneLimits.KeysMax + 1)}},"destination":"a"}""" },
        { "/v1/routes", """{"keys":["k"],"destination":"a","bytes":-1}""" },
        { "/v1/content/locations", $$"""{"keys":{{Many("\"k\"", ControlPlaneLimits.KeysMax + 1)}}}""" },
        { "/v1/ownership/owner", """{"keys":[]}""" },
        { "/v1/ownership/owner", """{"keys":["a","b"]}""" },
        { "/v1/ownership/a/assign", """{"items":[{"first":0,"last":16384}]}""" },
        { "/v1/ownership/a/release", """{"items":[{"first":-1,"last":5}]}""" },
        { "/v1/topology/observations", $$"""{"items":{{Many("""{"from":"a","to":"b"}""", ControlPlaneLimits.ObservationsMax + 1)}}}""" },
        {
            "/v1/instances/a/heartbeat",
            $$"""{"instance":"a","epoch":1,"number":1,"popularKeys":{{Many("""{"key":"k","reads":1}""", ControlPlaneLimits.HeartbeatKeysMax + 1)}}}"""
        },
        { "/v1/scheduler/prestage", """{"selection":{},"instances":[]}""" },
        { "/v1/scheduler/prestage", $$"""{"selection":{},"instances":{{Many("\"a\"", ControlPlaneLimits.PrestageInstancesMax + 1)}}}""" },
        { "/v1/scheduler/prestage", """{"selection":{},"instances":["a"],"priority":101}""" },
        { "/v1/scheduler/prestage", """{"selection":{},"instances":["a"],"priority":-1}""" },
        { "/v1/scheduler/pins", $$"""{"selection":{"keys":{{Many("\"k\"", ControlPlaneLimits.SelectionKeysMax + 1)}}},"instance":"a"}""" },
        { "/v1/events/digests", """{"instance":"a","epoch":1,"sequence":0,"level":"record","digests":[{"index":256}]}""" },
        { "/v1/events/digests", """{"instance":"a","epoch":1,"sequence":0,"level":"slot","digests":[{"index":-1}]}""" },
        { "/v1/instances/a/prestage-work?keysMax=0", "" },
        { "/v1/instances/a/prestage-work?keysMax=1025", "" },
    };

    public async Task InitializeAsync()
    {
        plane = (await InProcessControlPlane.StartAsync(new ControlPlaneOptions(), null, TimeProvider.System, new Random(1), CancellationToken.None)).Value;
        server = await PlaneServer.StartAsync(plane);
        http = new HttpClient { BaseAddress = server.Url };
        foreach (var (name, parent) in new[] { ("a", null), ("b", "a"), ("branch", "a") })
        {
            var registered = await plane.Instances.RegisterAsync(
                new InstanceRegistration
                {
                    Name = name, Role = parent is null ? InstanceRole.Root : InstanceRole.Branch, Parent = parent, Silo = $"silo-of-{name}", Epoch = 1, RespAddress = "127.0.0.1:6379",
                },
                CancellationToken.None);
            Assert.True(registered.IsOk, registered.ToString());
        }
    }

    public async Task DisposeAsync()
    {
        await server.DisposeAsync();
        await plane.DisposeAsync();
    }

    public void Dispose() => http.Dispose();

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task A_body_without_what_is_required_is_a_400_and_no_body_makes_a_500(string method, string path, Type type, string required)
    {
        foreach (var body in new[] { "", "null", "[]", "[null]", "1", "{" }) await ExpectAsync(HttpStatusCode.BadRequest, method, path, body);
        var mustBe = required.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        await ExpectAsync(mustBe.Any(m => !m.Contains('.', StringComparison.Ordinal)) ? HttpStatusCode.BadRequest : null, method, path, "{}");

        var sample = JsonSerializer.Serialize(ControlPlaneSamples.Of(type), ControlPlaneJson.Wire.GetTypeInfo(type)!);
        var places = Places(JsonNode.Parse(sample)!, "").ToArray();
        Assert.Subset(places.ToHashSet(), mustBe.ToHashSet());
        foreach (var place in places)
        {
            HttpStatusCode? wanted = mustBe.Contains(place) ? HttpStatusCode.BadRequest : null;
            foreach (var value in new[] { "null", "[]", "[null]", "{}", "-1", "\"\"" })
            {
                var isNullItem = value == "null" && char.IsAsciiDigit(place[^1]) && place.Contains('.', StringComparison.Ordinal);
                await ExpectAsync(value == "null" && wanted is not null || isNullItem ? HttpStatusCode.BadRequest : null, method, path, With(sample, place, value));
            }
            await ExpectAsync(wanted, method, path, With(sample, place, null));
        }
    }

    [Theory]
    [InlineData("PUT", "/v1/instances/c", """{"name":"c","role":"root","silo":"s","epoch":1,"respAddress":"127.0.0.1:1"}""")]
    [InlineData("POST", "/v1/instances/a/heartbeat", """{"instance":"a","epoch":1,"number":1}""")]
    [InlineData("POST", "/v1/topology/observations", """{"items":[{"from":"a","to":"b"}]}""")]
    [InlineData("POST", "/v1/routes", """{"keys":["k"],"destination":"a","weights":{}}""")]
    [InlineData("POST", "/v1/ownership/a/assign", """{"items":[{"first":1,"last":2}]}""")]
    [InlineData("POST", "/v1/events", """{"instance":"a","epoch":1}""")]
    [InlineData("POST", "/v1/events/digests", """{"instance":"a","epoch":1,"sequence":0,"level":"slot","digests":[{"index":1}]}""")]
    [InlineData("POST", "/v1/scheduler/affinity", """{"selection":{}}""")]
    [InlineData("POST", "/v1/scheduler/prestage", """{"selection":{},"instances":["a"]}""")]
    [InlineData("POST", "/v1/scheduler/pins", """{"selection":{},"instance":"a"}""")]
    [InlineData("PUT", "/v1/batches/b", "{}")]
    public async Task What_is_not_required_may_be_absent(string method, string path, string body)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        using var response = await http.SendAsync(request);

        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [MemberData(nameof(Beyond))]
    public async Task What_is_beyond_a_limit_is_a_400(string path, string body) => await ExpectAsync(HttpStatusCode.BadRequest, "POST", path, body);

    private async Task ExpectAsync(HttpStatusCode? wanted, string method, string path, string body)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        using var response = await http.SendAsync(request);

        var told = $"{method} {path} {(body.Length < 1000 ? body : body[..1000])}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}";
        Assert.True(wanted is null ? (int)response.StatusCode < 500 : response.StatusCode == wanted, told);
        if (!response.IsSuccessStatusCode) Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }

    private static string Many(string item, int count) => $"[{string.Join(',', Enumerable.Repeat(item, count))}]";

    // Every member and item, as a path with dots.
    private static IEnumerable<string> Places(JsonNode? node, string before) => node switch
    {
        JsonObject members => members.SelectMany(m => Places(m.Value, $"{before}{m.Key}.").Prepend($"{before}{m.Key}")),
        JsonArray items => items.SelectMany((item, i) => Places(item, $"{before}{i}.").Prepend($"{before}{i}")),
        _ => [],
    };

    // The sample with another value at a place; without it where the value is null.
    private static string With(string sample, string place, string? value)
    {
        var root = JsonNode.Parse(sample)!;
        var names = place.Split('.');
        var holder = names[..^1].Aggregate(root, (node, name) => node is JsonArray array ? array[int.Parse(name, System.Globalization.CultureInfo.InvariantCulture)]! : node[name]!);
        if (holder is JsonArray items)
        {
            var at = int.Parse(names[^1], System.Globalization.CultureInfo.InvariantCulture);
            if (value is null) items.RemoveAt(at);
            else items[at] = JsonNode.Parse(value);
        }
        else if (value is null)
        {
            holder.AsObject().Remove(names[^1]);
        }
        else
        {
            holder[names[^1]] = JsonNode.Parse(value);
        }
        return root.ToJsonString();
    }
}
