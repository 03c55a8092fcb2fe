using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ContractSuites.ControlPlane;
using Hal.Cache.Testing.ControlPlane;

namespace Hal.Cache.ControlPlane.Http.Tests.Plane;

public sealed class PlaneEndpointTests
{
    private static readonly KeyLocation Location = (KeyLocation)ControlPlaneSamples.Of(typeof(KeyLocation));
    private static readonly InstanceInfo Info = (InstanceInfo)ControlPlaneSamples.Of(typeof(InstanceInfo));

    [Theory]
    [InlineData("/v1/content/totals")]
    [InlineData("/v1/content/locations?prefix=a")]
    [InlineData("/v1/events")]
    [InlineData("/v1/analytics/scaling")]
    public async Task Without_a_control_plane_its_resources_are_unavailable_and_say_so(string path)
    {
        await using var host = await HttpHost.StartAsync();

        var problem = await Problems.ReadAsync(await host.Client.GetAsync(path), HttpStatusCode.ServiceUnavailable);

        Assert.Equal("unavailable", problem.GetProperty("code").GetString());
        Assert.Contains("no control plane", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/events", false)]
    [InlineData("/v1/scheduler/affinity", false)]
    [InlineData("/v1/scheduler/affinity", true)]
    public async Task A_hundred_megabytes_of_JSON_are_refused_with_413(string path, bool chunked)
    {
        await using var host = await HttpHost.StartAsync(new FakeControlPlane(), null);
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new Flood(100 << 20) };
        request.Headers.ExpectContinue = true; // as curl does: the body is not sent before it is wanted
        request.Headers.TransferEncodingChunked = chunked;
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");

        var problem = await Problems.ReadAsync(await host.Client.SendAsync(request), HttpStatusCode.RequestEntityTooLarge);

        Assert.True(problem.GetProperty("detail").GetString()!.Length > 0);
        await Problems.ReadAsync(await host.Client.GetAsync("/v1/nowhere"), HttpStatusCode.NotFound); // and the server serves on
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("""{"instance":"a"}""")]
    [InlineData("""{"instance":"a","epoch":"x"}""")]
    [InlineData("""{"instance":null,"epoch":1}""")]
    [InlineData("""{"instance":"a","epoch":1,"events":null}""")]
    [InlineData("""{"instance":"a","epoch":1,"events":[null]}""")]
    [InlineData("""{"instance":"a","epoch":1,"marks":[null]}""")]
    [InlineData("""{"instance":"a","epoch":1,"fetches":[{"key":1}]}""")]
    public async Task A_body_that_is_no_batch_is_a_400_problem(string body)
    {
        await using var host = await HttpHost.StartAsync(new FakeControlPlane(), null);

        var problem = await Problems.ReadAsync(await host.Client.PostAsync("/v1/events", new StringContent(body, Encoding.UTF8, "application/json")), HttpStatusCode.BadRequest);

        Assert.Equal("invalid", problem.GetProperty("code").GetString());
    }

    [Fact]
    public async Task A_body_nested_without_end_is_a_400_problem()
    {
        await using var host = await HttpHost.StartAsync(new FakeControlPlane(), null);
        var body = new StringContent(new string('[', 1 << 19), Encoding.UTF8, "application/json");

        await Problems.ReadAsync(await host.Client.PostAsync("/v1/events", body), HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Another_type_of_body_is_a_415_problem()
    {
        await using var host = await HttpHost.StartAsync(new FakeControlPlane(), null);

        await Problems.ReadAsync(await host.Client.PostAsync("/v1/events", new StringContent("<a/>", Encoding.UTF8, "application/xml")), HttpStatusCode.UnsupportedMediaType);
    }

    [Theory]
    [InlineData("/v1/content/location")]
    [InlineData("/v1/content/location?key=a&keyBase64=YQ==")]
    [InlineData("/v1/content/location?keyBase64=%21")]
    [InlineData("/v1/content/location?key=a&database=-1")]
    [InlineData("/v1/content/locations")]
    [InlineData("/v1/content/locations?prefix=a&limit=0")]
    [InlineData("/v1/content/locations?prefix=a&limit=10001")]
    [InlineData("/v1/content/locations?prefix=a&limit=x")]
    [InlineData("/v1/instances?limit=0")]
    [InlineData("/v1/events?after=-1")]
    [InlineData("/v1/topology/paths/a/b?preset=best")]
    [InlineData("/v1/topology/paths/a/b?msPerMoney=NaN")]
    [InlineData("/v1/analytics/usage?windowSeconds=0")]
    [InlineData("/v1/analytics/usage?windowSeconds=3601")]
    public async Task A_query_that_breaks_a_rule_is_a_400_problem_before_the_control_plane_is_asked(string path)
    {
        var plane = new FakeControlPlane();
        await using var host = await HttpHost.StartAsync(plane, null);

        await Problems.ReadAsync(await host.Client.GetAsync(path), HttpStatusCode.BadRequest);

        Assert.Empty(plane.Calls);
    }

    [Fact]
    public async Task A_name_in_the_body_must_be_the_paths()
    {
        await using var host = await HttpHost.StartAsync(new FakeControlPlane(), null);
        var body = JsonSerializer.Serialize(Info.Registration, ControlPlaneJson.Wire.InstanceRegistration);

        await Problems.ReadAsync(await host.Client.PutAsync("/v1/instances/other", new StringContent(body, Encoding.UTF8, "application/json")), HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData("", ControlPlaneLimits.IdempotencyKeyLengthMax + 1)]
    [InlineData("a\tb", 3)]
    public async Task An_idempotency_key_that_is_none_is_a_400_problem(string start, int length)
    {
        await using var host = await HttpHost.StartAsync(new FakeControlPlane(), null);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/scheduler/pins")
        {
            Content = new StringContent("""{"instance":"a","selection":{}}""", Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("Idempotency-Key", start.PadRight(length, 'k'));

        var problem = await Problems.ReadAsync(await host.Client.SendAsync(request), HttpStatusCode.BadRequest);

        Assert.StartsWith("Idempotency-Key is '", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_made_has_its_address()
    {
        var plane = new FakeControlPlane().On("IScheduling.PinAsync", ControlPlaneSamples.Of(typeof(PinInfo)));
        await using var host = await HttpHost.StartAsync(plane, null);

        using var made = await host.Client.PostAsync("/v1/scheduler/pins", new StringContent("""{"instance":"a","selection":{"keys":["k"]}}""", Encoding.UTF8, "application/json"));

        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        Assert.Equal("/v1/scheduler/pins/pin", made.Headers.Location?.ToString());
    }

    [Fact]
    public async Task A_page_has_its_cursor_and_lines_have_everything()
    {
        var plane = new FakeControlPlane().On("IContent.LocatePrefixAsync", a => ((PageRequest)a[1]!).Cursor switch
        {
            null => new Page<KeyLocation>([Location, Location], "c 2"),
            "c 2" => new Page<KeyLocation>([], "c 3"),
            _ => new Page<KeyLocation>([Location], null),
        });
        await using var host = await HttpHost.StartAsync(plane, null);

        var page = JsonDocument.Parse(await host.Client.GetStringAsync("/v1/content/locations?prefix=a&limit=2")).RootElement;
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/content/locations?prefix=a");
        request.Headers.Accept.ParseAdd("application/x-ndjson");
        using var lines = await host.Client.SendAsync(request);

        Assert.Equal((2, "c 2"), (page.GetProperty("items").GetArrayLength(), page.GetProperty("next").GetString()));
        Assert.Equal("application/x-ndjson", lines.Content.Headers.ContentType?.MediaType);
        var one = JsonSerializer.Serialize(Location, ControlPlaneJson.Wire.KeyLocation);
        Assert.Equal($"{one}\n{one}\n{one}\n", await lines.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Lines_that_fail_on_the_way_are_cut_off()
    {
        var plane = new FakeControlPlane().On("IContent.LocatePrefixAsync", a => ((PageRequest)a[1]!).Cursor is null
            ? new Page<KeyLocation>([Location], "c") : new CacheError(CacheErrorCode.Unavailable, "gone"));
        await using var host = await HttpHost.StartAsync(plane, null);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/content/locations?prefix=a");
        request.Headers.Accept.ParseAdd("application/x-ndjson");

        await Assert.ThrowsAsync<HttpRequestException>(() => host.Client.SendAsync(request));
    }

    [Theory]
    [InlineData(CacheErrorCode.NotFound, HttpStatusCode.NotFound, "notFound")]
    [InlineData(CacheErrorCode.StaleEpoch, HttpStatusCode.Conflict, "staleEpoch")]
    [InlineData(CacheErrorCode.Busy, HttpStatusCode.TooManyRequests, "busy")]
    public async Task An_error_has_its_status_and_its_code(CacheErrorCode code, HttpStatusCode status, string name)
    {
        var plane = new FakeControlPlane().On("IContent.TotalsAsync", new CacheError(code, "why"));
        await using var host = await HttpHost.StartAsync(plane, null);

        var response = await host.Client.GetAsync("/v1/content/totals");

        Assert.Equal(status == HttpStatusCode.TooManyRequests, response.Headers.RetryAfter is not null);
        var problem = await Problems.ReadAsync(response, status);
        Assert.Equal((name, "why"), (problem.GetProperty("code").GetString(), problem.GetProperty("detail").GetString()));
    }

    [Theory]
    [InlineData("GET", "/v1/content/totals")]
    [InlineData("GET", "/v1/events")]
    [InlineData("POST", "/v1/events")]
    [InlineData("PUT", "/v1/instances/a")]
    [InlineData("DELETE", "/v1/scheduler/pins/a")]
    public async Task The_secret_is_asked_for(string method, string path)
    {
        await using var host = await HttpHost.StartAsync(new FakeControlPlane(), "s3cret");

        await Problems.ReadAsync(await host.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path)), HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Instances_are_this_processs_and_those_that_registered()
    {
        var remote = Info with { Registration = Info.Registration with { Name = "remote" } };
        var plane = new FakeControlPlane()
            .On("IInstances.ListAsync", new Page<InstanceInfo>([Info with { Registration = Info.Registration with { Name = "here" } }, remote], null))
            .On("IInstances.GetAsync", a => (string)a[0]! == "remote" ? remote : new CacheError(CacheErrorCode.NotFound, "no"));
        await using var host = await HttpHost.StartAsync(plane, null, FakeInstance.WithKeys("alone"), FakeInstance.WithKeys("here"));

        var list = JsonDocument.Parse(await host.Client.GetStringAsync("/v1/instances")).RootElement.GetProperty("instances").EnumerateArray().ToArray();
        var one = JsonDocument.Parse(await host.Client.GetStringAsync("/v1/instances/remote")).RootElement;

        Assert.Contains("alone", list.Select(i => i.GetProperty("name").GetString()));
        Assert.Contains("here", list.Select(i => i.GetProperty("name").GetString()));
        Assert.Equal(("failed", "gone"), (one.GetProperty("health").GetString(), one.GetProperty("registered").GetProperty("state").GetString()));
        await Problems.ReadAsync(await host.Client.GetAsync("/v1/instances/nobody"), HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Server_sent_events_have_the_promised_fields_and_resume_by_the_last_id()
    {
        var change = (ChangeEvent)ControlPlaneSamples.Of(typeof(ChangeEvent));
        Subscription? asked = null;
        var plane = new FakeControlPlane().On("IEvents.SubscribeAsync", a =>
        {
            asked = (Subscription)a[0]!;
            return Items(change);
        });
        await using var host = await HttpHost.StartAsync(plane, null);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/events?after=1&log=other&instance=a");
        request.Headers.Add("Last-Event-ID", "the:log:41");

        using var response = await host.Client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();

        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(("the:log", 41L, "a"), (asked!.LogId, asked.AfterPosition, asked.Instance));
        Assert.Equal(
            $"id: the:log:41\nevent: notice\ndata: {{\"kind\":\"started\",\"message\":\"here\"}}\n\n"
            + $"id: the:log:42\nevent: change\ndata: {JsonSerializer.Serialize(change, ControlPlaneJson.Wire.ChangeEvent)}\n\n",
            text);
        Assert.Contains("\"keys_added\":", text, StringComparison.Ordinal);

        static async IAsyncEnumerable<StreamItem> Items(ChangeEvent change)
        {
            yield return new StreamItem { LogId = "the:log", Position = 41, Notice = new StreamNotice(StreamNoticeKind.Started, "here") };
            await Task.Yield();
            yield return new StreamItem { LogId = "the:log", Position = 42, Event = change };
        }
    }

    [Theory]
    [InlineData("41")]
    [InlineData("log:")]
    [InlineData(":41")]
    public async Task A_last_id_that_is_none_is_a_400_problem(string id)
    {
        await using var host = await HttpHost.StartAsync(new FakeControlPlane(), null);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/events");
        request.Headers.TryAddWithoutValidation("Last-Event-ID", id);

        await Problems.ReadAsync(await host.Client.SendAsync(request), HttpStatusCode.BadRequest);
    }

    // A list of keys that is longer than any limit, without its memory.
    private sealed class Flood(long bytes) : HttpContent
    {
        private static readonly byte[] Part = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("\"key\",", 10_000)));

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            var start = "{\"selection\":{\"keys\":["u8.ToArray();
            await stream.WriteAsync(start);
            for (var left = bytes - start.Length; left > 0; left -= Part.Length) await stream.WriteAsync(Part.AsMemory(0, (int)Math.Min(left, Part.Length)));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = bytes;
            return true;
        }
    }
}
